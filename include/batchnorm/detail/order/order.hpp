#pragma once

#include <array>
#include <utility>

#include "../../view.hpp"

// This room says how a call walks through its views: in which order, in which parts, and which rows
// or runs are read as others. All of it depends on the shape alone, so that bits do too.
// In: the views of a call, which are one shape.
// Out: the views rewritten, their loop order, ranges of channels, chunks of a reduction.
namespace batchnorm::detail {

/// In which order a call walks through its views. Asked once; then the loops are dense.
enum class LoopOrder {
  planes,   ///< inner is contiguous in every view
  rows,     ///< channels are contiguous in every view, and there is no inner axis
  portable  ///< any strides: right, not fast
};

template <typename... Scalars>
void swap_groups(View<Scalars>&... views) {
  const auto swap = [](auto& view) {
    std::swap(view.outer, view.inner);
    std::swap(view.outer_stride, view.inner_stride);
  };
  (swap(views), ...);
}

template <typename Scalar>
void fuse_into_outer(View<Scalar>& view, Index stride) {
  view.outer *= view.inner;
  view.outer_stride = stride;
  view.inner = 1;
}

/// With one channel, outer and inner may follow each other without a gap in memory, and are one.
template <typename First, typename... Rest>
void fuse_single_channel(View<First>& first, View<Rest>&... rest) {
  const auto inner_fastest = [](const auto& v) {
    return v.outer_stride == v.inner * v.inner_stride;
  };
  const auto outer_fastest = [](const auto& v) {
    return v.inner_stride == v.outer * v.outer_stride;
  };
  if (inner_fastest(first) && (true && ... && inner_fastest(rest))) {
    fuse_into_outer(first, first.inner_stride);
    (fuse_into_outer(rest, rest.inner_stride), ...);
  } else if (outer_fastest(first) && (true && ... && outer_fastest(rest))) {
    fuse_into_outer(first, first.outer_stride);
    (fuse_into_outer(rest, rest.outer_stride), ...);
  }
}

/// Rewrites views of one shape, all in the same way, so that a fast order fits if there is one.
template <typename First, typename... Rest>
LoopOrder arrange(View<First>& first, View<Rest>&... rest) {
  if (first.outer == 1) swap_groups(first, rest...);
  if (first.channels == 1 && first.inner != 1) fuse_single_channel(first, rest...);

  const bool outer_contiguous =
      first.outer_stride == 1 && (true && ... && (rest.outer_stride == 1));
  const bool inner_contiguous =
      first.inner_stride == 1 && (true && ... && (rest.inner_stride == 1));
  const bool channels_contiguous =
      first.channel_stride == 1 && (true && ... && (rest.channel_stride == 1));

  const bool one_group = first.inner == 1;
  if (first.outer > 1 && outer_contiguous && (one_group || !inner_contiguous)) {
    swap_groups(first, rest...);
    return LoopOrder::planes;
  }
  if (!one_group && inner_contiguous) return LoopOrder::planes;
  return one_group && channels_contiguous ? LoopOrder::rows : LoopOrder::portable;
}

/// The same of inputs and outputs.
template <typename Scalar, std::size_t N, std::size_t M>
LoopOrder arrange_all(std::array<View<const Scalar>, N>& from, std::array<View<Scalar>, M>& to) {
  return [&]<std::size_t... I, std::size_t... J>(std::index_sequence<I...>,
                                                 std::index_sequence<J...>) {
    return arrange(from[I]..., to[J]...);
  }
  (std::make_index_sequence<N>{}, std::make_index_sequence<M>{});
}

}  // namespace batchnorm::detail
