#pragma once

#include <algorithm>
#include <array>

#include "joined_rows.hpp"

// Short runs: where a channel has fewer values beside each other than a packet (a 2x2 image, a
// short sequence), the runs of all its sample's channels are read as one row of places, which loops
// over rows take as they take channels. What a place's channel is, a `PlaceMap` tells.
namespace batchnorm::detail {

/// Which channel a place of a row is of: `run` places are of the first, `run` of the second, and
/// after the last channel again of the first. Rows may begin `shift` places behind that.
struct PlaceMap {
  Index run = 1;
  Index channels = 1;
  Index shift = 0;

  Index operator()(Index place) const { return (place + shift) / run % channels; }
};

/// The channels of places from `first` on, one after the other.
class PlaceWalk {
 public:
  PlaceWalk(const PlaceMap& map, Index first)
      : map_(map), channel_(map(first)), left_(map.run - (first + map.shift) % map.run) {}

  Index next() {
    const Index channel = channel_;
    if (--left_ == 0) {
      left_ = map_.run;
      channel_ = channel + 1 == map_.channels ? 0 : channel + 1;
    }
    return channel;
  }

 private:
  PlaceMap map_;
  Index channel_;
  Index left_;
};

/// Writes the values of `count` places from `first` on.
template <typename Scalar>
void repeat_for_places(const Scalar* of_channels, const PlaceMap& map, Index first, Index count,
                       Scalar* values) {
  PlaceWalk walk(map, first);
  Index known = std::min(map.run * map.channels, count);
  for (Index p = 0; p < known; ++p) values[p] = of_channels[walk.next()];
  for (; known < count; known = std::min(2 * known, count))
    std::copy_n(values, std::min(known, count - known), values + known);
}

/// Whether the elements of an outer index follow each other, channel by channel.
template <typename V, std::size_t N>
bool are_dense(const std::array<V, N>& views) {
  return std::all_of(views.begin(), views.end(),
                     [](const V& view) { return view.channel_stride == view.inner; });
}

/// Whether the runs of all channels follow each other, each is less than a packet of `packet`
/// values, and together they fill one, or can be joined to fill one.
template <typename Scalar, std::size_t N>
bool has_short_runs(const std::array<View<Scalar>, N>& views, LoopOrder order, Index packet) {
  const auto& x = views[0];
  const Index places = x.channels * x.inner;
  return order == LoopOrder::planes && x.inner < packet &&
         (places >= packet || rows_to_join(places, x.outer) > 1) && are_dense(views);
}

/// The runs of all channels as one row.
template <typename Scalar, std::size_t N>
std::array<View<Scalar>, N> lined_up(std::array<View<Scalar>, N> views) {
  for (auto& view : views) {
    view.channels *= view.inner;
    view.inner = 1;
    view.channel_stride = 1;
  }
  return views;
}

}  // namespace batchnorm::detail
