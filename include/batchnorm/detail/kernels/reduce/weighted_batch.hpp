#pragma once

#include <numeric>

#include "../../order/weights.hpp"
#include "loops.hpp"
#include "tasks.hpp"
#include "workspace.hpp"

namespace batchnorm::detail {

/// The moments of weighted values of an instruction set.
template <typename Scalar>
struct WeightedLoops {
  Index most_channels;  ///< that `sum` takes at once
  /// Moments of some channels of a chunk whose weights are `total` together, into its slots.
  void (*sum)(const View<const Scalar>& view, const Weights<ArithmeticOf<Scalar>>& weights,
              const Chunk& chunk, LoopOrder order, const ChannelRange& range, double total,
              const Slots& slots);
  /// See merge.hpp.
  void (*merge)(Index channels, double count_a, const ChannelMoments& a, double count_b,
                const GivenMoments& b);
};

/// A view, its weights and its order, arranged for a reduction.
template <typename Scalar>
struct WeightedView {
  std::array<View<const Scalar>, 1> views;
  Weights<ArithmeticOf<Scalar>> weights;
  LoopOrder order;

  WeightedView(const View<const Scalar>& x, const Weights<ArithmeticOf<Scalar>>& of)
      : views{x}, weights(of) {
    std::array<View<Scalar>, 0> nothing;
    order = arrange_weighted(views, nothing, weights);
  }

  Chunks chunks() const { return Chunks(views[0], order); }
};

/// The sums of the weights of all chunks, which are the same whatever channels x has.
template <typename Scalar>
void sum_chunks(double (*sum)(const Weights<ArithmeticOf<Scalar>>& weights, const Chunk& chunk),
                const WeightedView<Scalar>& x, ChannelArray<double>& totals) {
  const Chunks chunks = x.chunks();
  totals.resize(chunks.size());
  for (Index k = 0; k < chunks.size(); ++k) totals[k] = sum(x.weights, chunks[k]);
}

/// Mean and m2 per channel of everything in `view`, chunk by chunk, whose weights are `totals`.
template <typename Scalar>
void weighted_moments(const WeightedLoops<Scalar>& loops, const Executor& executor,
                      const WeightedView<Scalar>& x, const double* totals, SumsWorkspace& workspace,
                      const ChannelMoments& to) {
  constexpr Index sums{moments_sums<Scalar>};
  const View<const Scalar>& view = x.views[0];
  const Chunks chunks = x.chunks();
  const Index channels = view.channels;
  workspace.chunks.resize(places_of(chunks, executor) * sums * channels);
  const auto slots = [&](Index place) {
    return Slots{workspace.chunks.data() + place * sums * channels, channels};
  };
  const auto total = [&](Index first, Index last) {
    return std::accumulate(totals + first, totals + last, 0.0);
  };
  reduce_chunks(
      executor, chunks, x.order, view, 1, loops.most_channels,
      [&](Index k, Index c_begin, Index c_end, Index place) {
        loops.sum(view, x.weights, chunks[k], x.order, {c_begin, c_end}, totals[k], slots(place));
      },
      [&](const Merged& into, const Merged& from, Index end) {
        loops.merge(channels, total(into.first, from.first), moments_in<Scalar>(slots(into.place)),
                    total(from.first, end), moments_in<Scalar>(slots(from.place)).given());
      });
  copy_moments(channels, moments_in<Scalar>(slots(0)).given(), to);
}

}  // namespace batchnorm::detail
