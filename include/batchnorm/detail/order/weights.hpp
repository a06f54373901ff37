#pragma once

#include <array>
#include <utility>

#include "chunks.hpp"
#include "order.hpp"

// Weights of positions, which all channels of a view share: read where they are, never written out
// once per channel.
namespace batchnorm::detail {

/// Where the weights of an axis are: `repeat` indices in a row share one, and behind `period` of
/// them comes the first again. A stride of 0 is one weight for the whole axis.
struct WeightAxis {
  Index stride = 0;
  Index repeat = 1;
  Index period = 1;

  Index offset(Index k) const {
    if (stride == 0) return 0;
    if (repeat == 1 && k < period) return k * stride;
    return k / repeat % period * stride;
  }

  /// From one of `count` indices to the next, or -1 where that is not the same everywhere.
  Index step(Index count) const {
    if (stride == 0) return 0;
    return repeat == 1 && count <= period ? stride : -1;
  }
};

/// One weight for every outer and inner index of a view.
template <typename Scalar>
struct Weights {
  const Scalar* data = nullptr;
  WeightAxis outer;
  WeightAxis inner;

  const Scalar* at(Index o, Index i) const { return data + outer.offset(o) + inner.offset(i); }
};

/// Calls `visit(first, step, count)` for the weights of a chunk, line by line.
template <typename Scalar, typename Visit>
void for_each_line(const Weights<Scalar>& weights, const Chunk& chunk, const Visit& visit) {
  if (chunk.count() == 0) return;
  const Index inner = chunk.inner_end - chunk.inner_begin;
  const Index outer_step = weights.outer.step(chunk.outer_end);
  const Index inner_step = weights.inner.step(chunk.inner_end);
  if (inner == 1 && outer_step >= 0) {
    return visit(weights.at(chunk.outer_begin, chunk.inner_begin), outer_step,
                 chunk.outer_end - chunk.outer_begin);
  }
  for (Index o = chunk.outer_begin; o < chunk.outer_end; ++o) {
    if (inner_step >= 0) {
      visit(weights.at(o, chunk.inner_begin), inner_step, inner);
    } else {
      for (Index i = chunk.inner_begin; i < chunk.inner_end; ++i)
        visit(weights.at(o, i), Index{0}, Index{1});
    }
  }
}

/// What weights come to.
struct WeightTotals {
  double sum = 0.0;
  Index weighing = 0;       ///< how many are not 0
  bool are_weights = true;  ///< finite, and at least 0
  bool all_one = true;      ///< as if there were none
  bool are_counts = true;   ///< whole numbers
};

template <typename Scalar, std::size_t N>
void swap_all_groups(std::array<View<Scalar>, N>& views) {
  for (auto& view : views) swap_groups(view);
}

/// Rewrites views of one shape and their weights, all in the same way, so that a fast order fits if
/// there is one: as `arrange` does, but for a single channel, so that parts of a call are cut
/// alike.
template <typename Data, typename Scalar, std::size_t N, std::size_t M>
LoopOrder arrange_weighted(std::array<View<const Data>, N>& from, std::array<View<Data>, M>& to,
                           Weights<Scalar>& weights) {
  const auto all = [&](const auto& holds) {
    return std::all_of(from.begin(), from.end(), holds) && std::all_of(to.begin(), to.end(), holds);
  };
  const auto swap = [&] {
    swap_all_groups(from);
    swap_all_groups(to);
    std::swap(weights.outer, weights.inner);
  };
  if (from[0].outer == 1) swap();
  const bool outer_contiguous = all([](const auto& view) { return view.outer_stride == 1; });
  const bool channels_contiguous = all([](const auto& view) { return view.channel_stride == 1; });
  const bool inner_contiguous = all([](const auto& view) { return view.inner_stride == 1; });
  const bool one_group = from[0].inner == 1;
  if (from[0].outer > 1 && outer_contiguous && (one_group || !inner_contiguous)) {
    swap();
    return LoopOrder::planes;
  }
  if (!one_group && inner_contiguous) return LoopOrder::planes;
  return one_group && channels_contiguous ? LoopOrder::rows : LoopOrder::portable;
}

}  // namespace batchnorm::detail
