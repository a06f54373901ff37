#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "channels.hpp"
#include "joined_rows.hpp"
#include "order.hpp"
#include "short_runs.hpp"

// How a transform walks through its views: decided once for all instruction sets, operations
// and kinds of layers.
namespace batchnorm::detail {

/// The inputs and outputs of a transform, arranged together.
template <typename S, std::size_t Inputs, std::size_t Outputs>
struct TransformViews {
  std::array<View<const S>, Inputs> from;
  std::array<View<S>, Outputs> to;

  TransformViews of(const ChannelRange& range) const { return {range.of(from), range.of(to)}; }
};

/// The loops of a transform.
enum class TransformLoop {
  rows,     ///< channels are contiguous
  places,   ///< short runs, or few channels, which are read as rows of places
  planes,   ///< runs of a channel are contiguous
  portable  ///< any strides
};

/// What is transformed by which loop, and whether results go around the caches. Rows of places that
/// are left over stand apart.
template <typename S, std::size_t Inputs, std::size_t Outputs>
struct TransformPlan {
  TransformLoop loop;
  bool streaming;
  PlaceMap map;
  TransformViews<S, Inputs, Outputs> whole;
  TransformViews<S, Inputs, Outputs> rest;
};

/// Elements before the first at an address that is a multiple of a packet's size, or all `count` of
/// them.
template <typename S>
Index elements_to_alignment(const S* at, Index packet, Index count) {
  const auto past = static_cast<Index>(reinterpret_cast<std::uintptr_t>(at) / sizeof(S)) % packet;
  return std::min(past == 0 ? 0 : packet - past, count);
}

/// Whether an element's outputs lie alike within a packet, wherever the element is: where the first
/// can be stored by aligned packets, so can the others.
template <typename S, std::size_t N>
bool aligned_alike(const std::array<View<S>, N>& to, Index packet) {
  const auto place = [&](const auto& view) {
    return elements_to_alignment(view.data, packet, packet);
  };
  return std::all_of(to.begin(), to.end(), [&](const auto& view) {
    return place(view) == place(to[0]) && view.outer_stride == to[0].outer_stride &&
           view.channel_stride == to[0].channel_stride;
  });
}

template <typename S, std::size_t Inputs, std::size_t Outputs>
bool in_place(const TransformViews<S, Inputs, Outputs>& views) {
  return std::any_of(views.to.begin(), views.to.end(),
                     [&](const auto& out) { return is_among(out, views.from); });
}

constexpr TransformLoop loop_of(LoopOrder order) {
  if (order == LoopOrder::rows) return TransformLoop::rows;
  return order == LoopOrder::planes ? TransformLoop::planes : TransformLoop::portable;
}

/// Plans the transform of `views`, all of one shape. A packet has `packet` values.
template <typename S, std::size_t Inputs, std::size_t Outputs>
TransformPlan<S, Inputs, Outputs> plan_transform(TransformViews<S, Inputs, Outputs> views,
                                                 bool around_caches, Index packet) {
  LoopOrder order = arrange_all(views.from, views.to);
  const bool streaming = around_caches && !in_place(views) && aligned_alike(views.to, packet);
  const PlaceMap map{views.from[0].inner, views.from[0].channels};
  const bool short_runs =
      has_short_runs(views.from, order, packet) && has_short_runs(views.to, order, packet);
  if (short_runs) {
    views = {lined_up(views.from), lined_up(views.to)};
    order = LoopOrder::rows;
  }
  if (!can_join(views.from, order) || !can_join(views.to, order))
    return {short_runs ? TransformLoop::places : loop_of(order), streaming, map, views, {}};
  const JoinedRows from(views.from);
  const JoinedRows to(views.to);
  return {TransformLoop::places, streaming, map, {from.whole, to.whole}, {from.rest, to.rest}};
}

}  // namespace batchnorm::detail
