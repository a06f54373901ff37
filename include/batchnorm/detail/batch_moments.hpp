#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "few_moments.hpp"
#include "place_rows.hpp"
#include "reduce.hpp"
#include "sums_workspace.hpp"

namespace batchnorm::detail {

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
    if (finish()) return;
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
  bool finish() {
    const Kernel kernel;
    if (kernel.finish_all(&slots_(0, c_begin_), &slots_(1, c_begin_), &slots_(2, c_begin_),
                          c_end_ - c_begin_, chunk_.count())) {
      return true;
    }
    for (Index c = c_begin_; c < c_end_; ++c)
      verdict(c) = kernel.judge(slots_(1, c), slots_(2, c), chunk_.count());
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
        const FewMoments<Scalar> moments;
        if (has_few_rows<FewMoments<Scalar>>({view}, order)) {
          sum_few_rows(moments, {view}, c_begin, c_end, slots(k));
        } else if (has_few_planes<FewMoments<Scalar>>({view}, order)) {
          sum_few_planes(moments, {view}, c_begin, c_end, slots(k));
        } else if (view.count() < few_values) {
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

/// Merges the moments of `count` values of each place of a run into those of its channel. Equal
/// means are merged to themselves.
inline void merge_runs(const PlaceMap& map, Index count, const double* means, const double* m2s,
                       double* mean, double* m2) {
  for (Index c = 0; c < map.channels; ++c, means += map.run, m2s += map.run) {
    double sum = 0;
    for (Index i = 1; i < map.run; ++i) sum += means[i] - means[0];
    mean[c] = means[0] + sum / static_cast<double>(map.run);
    double squares = 0;
    double within = 0;
    for (Index i = 0; i < map.run; ++i) {
      squares += (means[i] - mean[c]) * (means[i] - mean[c]);
      within += m2s[i];
    }
    m2[c] = within + static_cast<double>(count) * squares;
  }
}

/// Mean and m2 per channel, or place, of everything in `view`.
template <typename Executor, typename Scalar>
void row_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                 SumsWorkspace& workspace, double* mean, double* m2) {
  if (can_join(std::array{view}, order)) {
    const JoinedRows rows(std::array{view});
    joined_moments(executor, rows, view.channels, workspace, mean, m2);
  } else {
    merged_moments(executor, view, order, workspace.chunks, mean, m2);
  }
}

/// Mean and m2 per channel of everything in `view`, into `mean` and `m2`. Needs at least one value
/// per channel.
template <typename Executor, typename Scalar>
void batch_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                   SumsWorkspace& workspace, double* mean, double* m2) {
  if (!has_short_runs(std::array{view}, order))
    return row_moments(executor, view, order, workspace, mean, m2);
  const View<const Scalar> row = lined_up(std::array{view})[0];
  workspace.runs.resize(static_cast<std::size_t>(2 * row.channels));
  double* means = workspace.runs.data();
  double* m2s = means + row.channels;
  row_moments(executor, row, LoopOrder::rows, workspace, means, m2s);
  merge_runs({view.inner, view.channels}, view.outer, means, m2s, mean, m2);
}

}  // namespace batchnorm::detail
