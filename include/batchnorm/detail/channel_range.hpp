#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <numeric>

#include "../view.hpp"

namespace batchnorm::detail {

template <typename Scalar>
using ChannelArray = Eigen::Array<Scalar, Eigen::Dynamic, 1>;

/// Channels [begin, end).
struct ChannelRange {
  Index begin = 0;
  Index end = 0;

  Index size() const { return end - begin; }

  template <typename Scalar>
  View<Scalar> of(View<Scalar> view) const {
    view.data += begin * view.channel_stride;
    view.channels = size();
    return view;
  }

  template <typename V, std::size_t N>
  std::array<V, N> of(std::array<V, N> views) const {
    for (V& view : views) view = of(view);
    return views;
  }
};

/// A multiple of the lanes of every packet there is.
inline constexpr Index lanes_of_any_packet = 16;

/// The fewest rows of `channels` that together fill whole packets.
inline Index rows_of_whole_packets(Index channels) {
  return lanes_of_any_packet / std::gcd(channels, lanes_of_any_packet);
}

/// Rows of few channels that follow each other without a gap are read as rows of several times as
/// many channels, whole packets of them: at most so many rows of `channels` each become one. 1
/// where there are channels enough.
inline Index rows_to_join(Index channels) {
  constexpr Index enough = 64;
  constexpr Index wanted = 128;
  if (channels <= 0 || channels >= enough) return 1;
  const Index unit = rows_of_whole_packets(channels);
  return (wanted + channels * unit - 1) / (channels * unit) * unit;
}

/// How many of `rows` rows become one: all that may where many long rows come of it, or just enough
/// for whole packets, or 1 where too few rows are there for that.
inline Index rows_to_join(Index channels, Index rows) {
  constexpr Index many = 64;
  const Index most = rows_to_join(channels);
  if (most == 1 || rows >= many * most) return most;
  const Index unit = rows_of_whole_packets(channels);
  const Index least = channels < lanes_of_any_packet ? 2 : many;
  return rows >= least * unit ? unit : 1;
}

}  // namespace batchnorm::detail
