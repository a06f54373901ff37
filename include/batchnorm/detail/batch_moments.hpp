#pragma once

#include "moments_kernel.hpp"
#include "reduce.hpp"

namespace batchnorm::detail {

using ArrayMap = Eigen::Map<Eigen::ArrayXd>;

/// Values per channel below which everything is summed in double: too few for the roundings of
/// `Scalar` to average out.
inline constexpr Index few_values = 64;

/// Copies all values of channels [c, c + width) into rows of a tile, in double.
template <typename Scalar, std::size_t Width>
void stage(const View<const Scalar>& view, Index c, Index width,
           std::array<std::array<double, Width>, std::size_t{few_values}>& tile) {
  std::size_t row = 0;
  for (Index o = 0; o < view.outer; ++o) {
    for (Index i = 0; i < view.inner; ++i, ++row) {
      const Scalar* from = view.data + view.offset(o, c, i);
      for (Index l = 0; l < width; ++l) {
        tile[row][static_cast<std::size_t>(l)] = static_cast<double>(from[l * view.channel_stride]);
      }
    }
  }
}

/// Mean and m2 of channels [c_begin, c_end) with fewer than `few_values` values each, for any
/// strides.
template <typename Scalar>
void sum_few_values(const View<const Scalar>& view, Index c_begin, Index c_end,
                    const Slots& slots) {
  using Kernel = MomentsKernel<double>;
  using Wide = PacketOf<double>;
  constexpr Index width = lanes<Wide>;
  const Kernel kernel;
  std::array<std::array<double, std::size_t{width}>, std::size_t{few_values}> tile{};
  for (Index c = c_begin; c < c_end; c += width) {
    const Index used = std::min(width, c_end - c);
    stage(view, c, used, tile);
    kernel.add_rows<Wide>({}, SteppedRows<Kernel>{{tile[0].data()}, {width}}, view.count(),
                          lanes_at<Kernel>(slots, c, 0, used), Start::own);
    for (Index l = c; l < c + used; ++l)
      kernel.finish(slots(0, l), slots(1, l), slots(2, l), view.count());
  }
}

/// Mean and m2 of channels [c_begin, c_end) of a chunk. A channel whose first sums are not good is
/// summed again: from its mean, and if its squares left the range of `Scalar`, rescaled.
template <typename Scalar>
void chunk_moments(const View<const Scalar>& view, const Chunk& chunk, Index c_begin, Index c_end,
                   LoopOrder order, const Slots& slots) {
  using Kernel = MomentsKernel<Scalar>;
  const Kernel kernel;
  sum_chunk(kernel, {view}, chunk, c_begin, c_end, order, slots);
  const auto finish = [&](const auto& with, Index c) {
    return with.finish(slots(0, c), slots(1, c), slots(2, c), chunk.count());
  };
  for (Index c = c_begin; c < c_end; ++c) {
    Verdict verdict = finish(kernel, c);
    if (verdict == Verdict::far_from_origin) {
      const auto mean = static_cast<double>(static_cast<Scalar>(slots(0, c)));
      sum_from_origin(kernel, {view}, chunk, c, order, mean, slots);
      verdict = finish(kernel, c);
    }
    if (verdict == Verdict::out_of_range) {
      const auto again = Kernel::rescaled(slots(2, c));
      sum_channels(again, {view}, chunk, c, c + 1, order, slots);
      finish(again, c);
    }
  }
}

/// Merges the moments of all chunks into those of the first.
template <typename SlotsOf>
void merge_chunk_moments(const Chunks& chunks, const SlotsOf& slots, Index channels) {
  const auto mean = [&](Index k) { return ArrayMap(&slots(k)(0, 0), channels); };
  const auto m2 = [&](Index k) { return ArrayMap(&slots(k)(2, 0), channels); };
  merge_tree(chunks.size(), [&](Index into, Index from, Index end) {
    const Index before = chunks.values_before(from);
    merge_moments(before - chunks.values_before(into), mean(into), m2(into),
                  chunks.values_before(end) - before, mean(from), m2(from));
  });
}

/// Mean and m2 per channel of everything in `view`, into `mean` and `m2`. Needs at least one value
/// per channel. `workspace` grows to the largest shape seen.
template <typename Executor, typename Scalar>
void batch_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                   std::vector<double>& workspace, ArrayMap mean, ArrayMap m2) {
  constexpr Index sums{MomentsKernel<Scalar>::sums};
  const Chunks chunks(view, order);
  const Index channels = view.channels;
  workspace.resize(static_cast<std::size_t>(chunks.size() * sums * channels));
  const auto slots = [&](Index k) {
    return Slots{workspace.data() + k * sums * channels, channels};
  };
  for_each_task(executor, chunks, order, channels, view.count(), sizeof(Scalar),
                [&](Index k, Index c_begin, Index c_end) {
                  if (view.count() < few_values) {
                    sum_few_values(view, c_begin, c_end, slots(k));
                  } else {
                    chunk_moments(view, chunks[k], c_begin, c_end, order, slots(k));
                  }
                });
  merge_chunk_moments(chunks, slots, channels);
  mean = ArrayMap(&slots(0)(0, 0), channels);
  m2 = ArrayMap(&slots(0)(2, 0), channels);
}

}  // namespace batchnorm::detail
