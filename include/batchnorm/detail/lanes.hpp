#pragma once

#include <array>

#include "packet.hpp"

namespace batchnorm::detail {

/// Where the sums of a packet's lanes are kept in double: sum number k of lane l is `sums[k][l]`.
/// Lanes outside [first, last) belong to somebody else and stay.
template <std::size_t Sums>
struct Lanes {
  std::array<double*, Sums> sums;
  Index first;
  Index last;
};

/// How the first block of a chunk finds its sums.
enum class Start {
  resume,   ///< they hold earlier blocks
  own,      ///< empty; every lane is a channel
  together  ///< empty; all lanes are one channel, summed up at the end
};

/// The lanes of a packet as an array.
template <typename P>
auto lane_array(const P& packet) {
  std::array<ScalarOf<P>, std::size_t{lanes<P>}> result;
  store(result.data(), packet);
  return result;
}

/// Coefficients come either one per lane (channels beside each other) or the same for all lanes.
enum class Spread { per_lane, same };

template <typename P>
P spread(const ScalarOf<P>* values, Index channel, Spread how) {
  return how == Spread::per_lane ? load<P>(values + channel) : broadcast<P>(values[channel]);
}

}  // namespace batchnorm::detail
