#pragma once

#include "joined_rows.hpp"
#include "reduce.hpp"

namespace batchnorm::detail {

/// Values per channel below which everything is summed in double: too few for the roundings of
/// `Scalar` to average out.
inline constexpr Index few_values = 16;

/// Values in double, of as many channels as a packet has lanes: a row of them each.
template <typename Scalar>
using Tile =
    std::array<std::array<double, std::size_t{lanes<PacketOf<Scalar>>}>, std::size_t{few_values}>;

/// Copies all values of channels [c, c + width) into rows of a tile.
template <typename Scalar>
void stage(const View<const Scalar>& view, Index c, Index width, Tile<Scalar>& tile) {
  using Wide = PacketOf<Scalar>;
  std::size_t row = 0;
  for (Index o = 0; o < view.outer; ++o) {
    for (Index i = 0; i < view.inner; ++i, ++row) {
      const Scalar* from = view.data + view.offset(o, c, i);
      if (width == lanes<Wide> && view.channel_stride == 1) {
        tile[row] = widened(load<Wide>(from));
      } else {
        for (Index l = 0; l < width; ++l)
          tile[row][static_cast<std::size_t>(l)] =
              static_cast<double>(from[l * view.channel_stride]);
      }
    }
  }
}

/// The sums of `value(packet of x, column)` over every column's x in the first `rows` rows of a
/// tile.
template <std::size_t Width, std::size_t Rows, typename Value>
std::array<double, Width> column_sums(const std::array<std::array<double, Width>, Rows>& tile,
                                      Index rows, const Value& value) {
  using Wide = PacketOf<double>;
  constexpr auto step = std::size_t{lanes<Wide>};
  std::array<Wide, Width / step> sums;
  sums.fill(broadcast<Wide>(0));
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    unroll<Width / step>([&](auto k) {
      sums[k] = add(sums[k], value(load<Wide>(tile[row].data() + k * step), k * step));
    });
  }
  std::array<double, Width> result;
  unroll<Width / step>([&](auto k) { store(result.data() + k * step, sums[k]); });
  return result;
}

/// Mean and m2 of channels [c_begin, c_end) with fewer than `few_values` values each, for any
/// strides: in two passes in double. A constant is its own mean, which the deviations are from.
template <typename Scalar>
void sum_few_values(const View<const Scalar>& view, Index c_begin, Index c_end,
                    const Slots& slots) {
  using Wide = PacketOf<double>;
  constexpr Index width = lanes<PacketOf<Scalar>>;
  const Index count = view.count();
  Tile<Scalar> tile{};
  for (Index c = c_begin; c < c_end; c += width) {
    const Index used = std::min(width, c_end - c);
    stage(view, c, used, tile);
    auto mean = tile[0];
    const auto deviation = [&](const Wide& x, std::size_t column) {
      return subtract(x, load<Wide>(mean.data() + column));
    };
    const auto sums = column_sums(tile, count, deviation);
    for (std::size_t l = 0; l < mean.size(); ++l) mean[l] += sums[l] / static_cast<double>(count);
    const auto m2 = column_sums(tile, count, [&](const Wide& x, std::size_t column) {
      const Wide d = deviation(x, column);
      return multiply(d, d);
    });
    std::copy_n(mean.data(), used, slots.row(0) + c);
    std::copy_n(m2.data(), used, slots.row(2) + c);
  }
}

/// The moments of at most `most_channels` channels of one chunk, with second attempts where the
/// first sums are not good.
template <typename Scalar>
class ChunkMoments {
 public:
  using Kernel = MomentsKernel<Scalar>;

  ChunkMoments(const View<const Scalar>& view, const Chunk& chunk, Index c_begin, Index c_end,
               LoopOrder order, const Slots& slots)
      : views_{view},
        chunk_(chunk),
        c_begin_(c_begin),
        c_end_(c_end),
        order_(order),
        slots_(slots) {}

  void run() {
    sum_chunk(Kernel{}, views_, chunk_, c_begin_, c_end_, order_, nullptr, slots_);
    if (finish(Kernel{}, c_begin_, c_end_, slots_)) return;
    const FirstAttempt first{slots_.row(0), slots_.row(1), slots_.row(2), chunk_.count()};
    again(Verdict::far_from_origin, Kernel{}, &first);
    again(Verdict::too_small, Kernel::rescaled(false), nullptr);
    again(Verdict::too_large, Kernel::rescaled(true), nullptr);
  }

 private:
  static constexpr Index most = most_channels<Kernel>;
  /// Channels that are summed together anyway.
  static constexpr Index packet = RowSums<Kernel>::width;

  Verdict& verdict(Index c) { return verdicts_[static_cast<std::size_t>(c - c_begin_)]; }

  /// From sums to moments; whether all of them are good.
  bool finish(const Kernel& kernel, Index begin, Index end, const Slots& slots) {
    if (kernel.finish_all(slots.row(0) + begin, slots.row(1) + begin, slots.row(2) + begin,
                          end - begin, chunk_.count())) {
      return true;
    }
    for (Index c = begin; c < end; ++c)
      verdict(c) = kernel.judge(slots(1, c), slots(2, c), chunk_.count());
    return false;
  }

  /// Sums the channels of a verdict once more, by the packet; a channel's result does not depend on
  /// its neighbours, so those of another verdict stay.
  void again(Verdict which, const Kernel& kernel, const FirstAttempt* before) {
    for (Index c = c_begin_; c < c_end_; c += packet) {
      const Index end = std::min(c + packet, c_end_);
      const auto wanted = [&](Index channel) { return verdict(channel) == which; };
      bool any = false;
      for (Index channel = c; channel < end; ++channel) any |= wanted(channel);
      if (any) sum_packet(kernel, c, end, before, wanted);
    }
  }

  template <typename Wanted>
  void sum_packet(const Kernel& kernel, Index begin, Index end, const FirstAttempt* before,
                  const Wanted& wanted) {
    constexpr auto stride = std::size_t{2} * packet;
    std::array<double, Kernel::sums * stride> sums;
    const Index base = std::min(begin, std::max<Index>(end - packet, 0));
    const Slots apart{sums.data() - base, Index{stride}};
    sum_chunk(kernel, views_, chunk_, begin, end, order_, before, apart);
    for (Index c = begin; c < end; ++c) {
      if (!wanted(c)) continue;
      kernel.finish_all(&apart(0, c), &apart(1, c), &apart(2, c), 1, chunk_.count());
      const Verdict now = kernel.judge(apart(1, c), apart(2, c), chunk_.count());
      for (const std::size_t k : {std::size_t{0}, std::size_t{2}}) slots_(k, c) = apart(k, c);
      verdict(c) = now;
    }
  }

  ViewsOf<Kernel> views_;
  Chunk chunk_;
  Index c_begin_;
  Index c_end_;
  LoopOrder order_;
  Slots slots_;
  std::array<Verdict, std::size_t{most}> verdicts_;
};

/// Merges the moments of all chunks into those of the first.
template <typename SlotsOf>
void merge_chunk_moments(const Chunks& chunks, const SlotsOf& slots, Index channels) {
  merge_tree(chunks.size(), [&](Index into, Index from, Index end) {
    const Index before = chunks.values_before(from);
    merge_moments(channels, before - chunks.values_before(into), slots(into).row(0),
                  slots(into).row(2), chunks.values_before(end) - before, slots(from).row(0),
                  slots(from).row(2));
  });
}

/// Memory that reductions need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
struct SumsWorkspace {
  std::vector<double> chunks;
  std::vector<double> joined;
};

/// Mean and m2 per channel of everything in `view`, chunk by chunk.
template <typename Executor, typename Scalar>
void merged_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                    std::vector<double>& workspace, double* mean, double* m2) {
  constexpr Index sums{MomentsKernel<Scalar>::sums};
  const Chunks chunks(view, order);
  const Index channels = view.channels;
  workspace.resize(static_cast<std::size_t>(chunks.size() * sums * channels));
  const auto slots = [&](Index k) {
    return Slots{workspace.data() + k * sums * channels, channels};
  };
  for_each_task<MomentsKernel<Scalar>>(
      executor, chunks, order, view, [&](Index k, Index c_begin, Index c_end) {
        if (view.count() < few_values) {
          sum_few_values(view, c_begin, c_end, slots(k));
        } else {
          ChunkMoments<Scalar>(view, chunks[k], c_begin, c_end, order, slots(k)).run();
        }
      });
  merge_chunk_moments(chunks, slots, channels);
  std::copy_n(slots(0).row(0), channels, mean);
  std::copy_n(slots(0).row(2), channels, m2);
}

/// Mean and m2 of joined rows: those of each place within a row, merged.
template <typename Executor, typename Scalar>
void joined_moments(const Executor& executor, const JoinedRows<const Scalar, 1>& rows,
                    Index channels, SumsWorkspace& workspace, double* mean, double* m2) {
  const Index all = rows.whole[0].channels;
  const Index each = rows.whole[0].outer;
  workspace.joined.resize(static_cast<std::size_t>(2 * all));
  double* means = workspace.joined.data();
  double* m2s = means + all;
  merged_moments(executor, rows.whole[0], LoopOrder::rows, workspace.chunks, means, m2s);
  merge_tree(all / channels, [&](Index into, Index from, Index end) {
    merge_moments(channels, (from - into) * each, means + into * channels, m2s + into * channels,
                  (end - from) * each, means + from * channels, m2s + from * channels);
  });
  std::copy_n(means, channels, mean);
  std::copy_n(m2s, channels, m2);
  const Index left_over = rows.rest[0].outer;
  if (left_over == 0) return;
  merged_moments(executor, rows.rest[0], LoopOrder::rows, workspace.chunks, means, m2s);
  merge_moments(channels, each * (all / channels), mean, m2, left_over, means, m2s);
}

/// Mean and m2 per channel of everything in `view`, into `mean` and `m2`. Needs at least one value
/// per channel.
template <typename Executor, typename Scalar>
void batch_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                   SumsWorkspace& workspace, double* mean, double* m2) {
  if (can_join<Scalar, 1>({view}, order)) {
    const JoinedRows<const Scalar, 1> rows({view});
    joined_moments(executor, rows, view.channels, workspace, mean, m2);
  } else {
    merged_moments(executor, view, order, workspace.chunks, mean, m2);
  }
}

}  // namespace batchnorm::detail
