#pragma once

#include <algorithm>
#include <array>
#include <type_traits>

#include "arrange.hpp"
#include "channel_range.hpp"
#include "lanes.hpp"

// Where a channel has fewer values beside each other than a packet, and a row few channels, both
// are read as rows of places: of the runs of all channels one after the other, and of several such
// rows that follow each other.
namespace batchnorm::detail {

/// Which channel a place of a row is of: `run` places are of the first, `run` of the second, and
/// after the last channel again of the first.
struct PlaceMap {
  Index run = 1;
  Index channels = 1;

  Index operator()(Index place) const { return place / run % channels; }
};

/// The channels of places from `first` on, one after the other.
class PlaceWalk {
 public:
  PlaceWalk(const PlaceMap& map, Index first)
      : map_(map), channel_(map(first)), left_(map.run - first % map.run) {}

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

/// Reads what a packet of places from `place` on needs of channels, or the same of one place for
/// all lanes.
template <typename P>
class PlaceReader {
 public:
  PlaceReader(const PlaceMap& map, Index place, Spread how)
      : place_(place), how_(how), plain_(map.run == 1 && place + lanes<P> <= map.channels) {
    if (plain_) return;
    PlaceWalk walk(map, place);
    for (Index& channel : channels_) channel = how == Spread::same ? map(place) : walk.next();
  }

  P operator()(const ScalarOf<P>* of_channels) const {
    if (plain_) return spread<P>(of_channels, place_, how_);
    std::array<ScalarOf<P>, std::size_t{lanes<P>}> values;
    for (std::size_t l = 0; l < values.size(); ++l) values[l] = of_channels[channels_[l]];
    return load<P>(values.data());
  }

 private:
  Index place_;
  Spread how_;
  bool plain_;
  std::array<Index, std::size_t{lanes<P>}> channels_;
};

/// Whether the elements of an outer index follow each other, channel by channel.
template <typename V, std::size_t N>
bool are_dense(const std::array<V, N>& views) {
  return std::all_of(views.begin(), views.end(),
                     [](const V& view) { return view.channel_stride == view.inner; });
}

/// Whether the runs of all channels follow each other, each is less than a packet, and together
/// they fill one, or can be joined to fill one.
template <typename Scalar, std::size_t N>
bool has_short_runs(const std::array<View<Scalar>, N>& views, LoopOrder order) {
  constexpr Index packet = lanes<PacketOf<std::remove_const_t<Scalar>>>;
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

/// Whether rows follow each other without a gap and are worth joining.
template <typename Scalar, std::size_t N>
bool can_join(const std::array<View<Scalar>, N>& views, LoopOrder order) {
  const Index places = views[0].channels;
  return order == LoopOrder::rows && rows_to_join(places, views[0].outer) > 1 &&
         std::all_of(views.begin(), views.end(),
                     [&](const auto& view) { return view.outer_stride == places; });
}

/// Views whose rows are joined, and the views of the rows that are left over.
template <typename Scalar, std::size_t N>
struct JoinedRows {
  std::array<View<Scalar>, N> whole;
  std::array<View<Scalar>, N> rest;

  explicit JoinedRows(const std::array<View<Scalar>, N>& views) : whole(views), rest(views) {
    for (std::size_t k = 0; k < N; ++k) {
      const Index together = rows_to_join(views[k].channels, views[k].outer);
      whole[k].outer /= together;
      whole[k].channels *= together;
      whole[k].outer_stride *= together;
      rest[k].outer %= together;
      rest[k].data += whole[k].outer * whole[k].outer_stride;
    }
  }
};

template <typename Scalar, std::size_t N>
JoinedRows(const std::array<View<Scalar>, N>&) -> JoinedRows<Scalar, N>;

}  // namespace batchnorm::detail
