#pragma once

#include <algorithm>
#include <array>

#include "packet.hpp"

namespace batchnorm::detail {

/// Where the sums of a packet's lanes are kept in double: sum number k of lane l is `sums[k][l]`.
/// Lanes outside [first, last) belong to somebody else: they are neither read nor written.
template <std::size_t Sums>
struct Lanes {
  std::array<double*, Sums> sums;
  Index first;
  Index last;

  /// Sum number k of `Width` lanes; 0 for lanes of somebody else.
  template <std::size_t Width>
  std::array<double, Width> read(std::size_t k) const {
    std::array<double, Width> values{};
    if (covers<Width>()) {
      for (std::size_t l = 0; l < Width; ++l) values[l] = sums[k][l];
    } else {
      std::copy(sums[k] + first, sums[k] + last, values.data() + first);
    }
    return values;
  }

  template <std::size_t Width>
  void write(std::size_t k, const std::array<double, Width>& values) const {
    if (covers<Width>()) {
      for (std::size_t l = 0; l < Width; ++l) sums[k][l] = values[l];
    } else {
      std::copy(values.data() + first, values.data() + last, sums[k] + first);
    }
  }

 private:
  /// The common case, in which the compiler knows every bound.
  template <std::size_t Width>
  bool covers() const {
    return first == 0 && last == Index{Width};
  }
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

/// Calls `accumulate(chain, row)` for every row, in four chains of additions: short chains round
/// little, and the processor runs them side by side.
template <typename Accumulate>
void for_each_row(Index rows, const Accumulate& accumulate) {
  const Index rest = rows % 4;
  for (Index row = 0; row < rows - rest; row += 4) {
    accumulate(std::size_t{0}, row);
    accumulate(std::size_t{1}, row + 1);
    accumulate(std::size_t{2}, row + 2);
    accumulate(std::size_t{3}, row + 3);
  }
  // A chain's number is a constant everywhere, so that the chains stay in registers.
  if (rest > 0) accumulate(std::size_t{0}, rows - rest);
  if (rest > 1) accumulate(std::size_t{1}, rows - rest + 1);
  if (rest > 2) accumulate(std::size_t{2}, rows - rest + 2);
}

/// The sum of the four chains.
template <typename P>
P sum_chains(const std::array<P, 4>& chains) {
  return add(add(chains[0], chains[1]), add(chains[2], chains[3]));
}

/// Coefficients come either one per lane (channels beside each other) or the same for all lanes.
enum class Spread { per_lane, same };

template <typename P>
P spread(const ScalarOf<P>* values, Index channel, Spread how) {
  return how == Spread::per_lane ? load<P>(values + channel) : broadcast<P>(values[channel]);
}

}  // namespace batchnorm::detail
