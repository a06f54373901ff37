#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "channels.hpp"
#include "chunks.hpp"
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

  /// Rows [begin, end).
  TransformViews rows(Index begin, Index end) const {
    return changed([&](auto& view) {
      view.data += begin * view.outer_stride;
      view.outer = end - begin;
    });
  }

  /// `count` rows, each of `together` rows of a line of them that begins `shift` places later.
  TransformViews joined(Index together, Index shift, Index count) const {
    return changed([&](auto& view) {
      view.data += shift;
      view.outer = count;
      view.channels *= together;
      view.outer_stride *= together;
    });
  }

 private:
  template <typename Change>
  TransformViews changed(const Change& change) const {
    TransformViews result = *this;
    for (auto& view : result.from) change(view);
    for (auto& view : result.to) change(view);
    return result;
  }
};

/// The loops of a transform.
enum class TransformLoop {
  rows,     ///< channels are contiguous
  places,   ///< short runs, or few channels, which are read as rows of places
  planes,   ///< runs of a channel are contiguous
  portable  ///< any strides
};

/// What is transformed by which loop, and whether results go around the caches.
template <typename S, std::size_t Inputs, std::size_t Outputs>
struct TransformPlan {
  using Views = TransformViews<S, Inputs, Outputs>;

  TransformLoop loop;
  bool streaming;
  Views views;
  PlaceMap map;    ///< of rows of places
  Index together;  ///< how many of them become one

  /// Rows of places: as many as `together` says are one, and the first begins `map.shift` places
  /// behind the beginning.
  Views whole() const { return views.joined(together, map.shift, count()); }

  /// The rows at both ends that stay as they are, some of which `whole` has in part.
  std::array<Views, 2> rest() const {
    const Index channels = views.from[0].channels;
    const Index outer = views.from[0].outer;
    const Index behind = (count() * together * channels + map.shift) / channels;
    return {views.rows(0, std::min(divide_up(map.shift, channels), outer)),
            views.rows(behind, outer)};
  }

 private:
  Index count() const {
    return std::max<Index>(views.from[0].outer / together - (map.shift > 0 ? 1 : 0), 0);
  }
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

/// Whether rows follow each other without a gap.
template <typename S, std::size_t N>
bool follow_each_other(const std::array<View<S>, N>& rows) {
  return std::all_of(rows.begin(), rows.end(),
                     [&](const auto& view) { return view.outer_stride == rows[0].channels; });
}

/// How many places of a line of rows lie before the first that can be stored aligned and around the
/// caches, where rows of as many places as now can begin there.
template <typename S, std::size_t Inputs, std::size_t Outputs>
Index shift_to_alignment(const TransformViews<S, Inputs, Outputs>& rows, Index together,
                         Index packet) {
  constexpr Index most_places = 1024;  // whose coefficients are copied for a shift
  const Index places = rows.from[0].channels * together;
  const bool may_begin_anywhere = places % packet == 0 && places <= most_places &&
                                  rows.from[0].outer >= 2 * together &&
                                  follow_each_other(rows.from) && follow_each_other(rows.to);
  return may_begin_anywhere ? elements_to_alignment(rows.to[0].data, packet, packet) : 0;
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
  const bool joins = can_join(views.from, order) && can_join(views.to, order);
  const Index together =
      joins ? rows_to_join(views.from[0].channels, views.from[0].outer) : Index{1};
  const Index shift = streaming && order == LoopOrder::rows
                          ? shift_to_alignment(views, together, packet)
                          : Index{0};
  const bool places = short_runs || joins || shift > 0;
  return {places ? TransformLoop::places : loop_of(order),
          streaming,
          views,
          {map.run, map.channels, shift},
          together};
}

}  // namespace batchnorm::detail
