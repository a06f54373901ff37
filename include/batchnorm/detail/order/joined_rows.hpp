#pragma once

#include <algorithm>
#include <array>
#include <numeric>

#include "order.hpp"

// Joined rows: rows of few channels that follow each other without a gap are read as rows of
// several times as many channels, so that they fill whole packets.
namespace batchnorm::detail {

/// A multiple of the lanes of every packet there is.
inline constexpr Index lanes_of_any_packet = 16;

/// The fewest rows of `channels` that together fill whole packets.
constexpr Index rows_of_whole_packets(Index channels) {
  return lanes_of_any_packet / std::gcd(channels, lanes_of_any_packet);
}

/// Rows of few channels that follow each other without a gap are read as rows of several times as
/// many channels, whole packets of them: at most so many rows of `channels` each become one. 1
/// where there are channels enough.
constexpr Index rows_to_join(Index channels) {
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
