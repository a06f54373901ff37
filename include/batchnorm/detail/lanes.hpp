#pragma once

#include <array>

#include "packet.hpp"

namespace batchnorm::detail {

/// The lanes of a packet as an array.
template <typename P>
auto lane_array(const P& packet) {
  std::array<ScalarOf<P>, std::size_t{lanes<P>}> result;
  store(result.data(), packet);
  return result;
}

/// The numbers of a packet's lanes: 0, 1, 2, ...
template <typename P>
P lane_numbers() {
  std::array<ScalarOf<P>, std::size_t{lanes<P>}> numbers;
  for (std::size_t l = 0; l < numbers.size(); ++l) numbers[l] = static_cast<ScalarOf<P>>(l);
  return load<P>(numbers.data());
}

/// `packet` with its lanes before `first` replaced by those of `idle`.
template <typename P>
P replace_before(Index first, const P& packet, const P& idle) {
  const P bound = broadcast<P>(static_cast<ScalarOf<P>>(first));
  return select_less(lane_numbers<P>(), bound, idle, packet);
}

/// Calls `visit(chain, row)` for every row, in four chains: short chains of additions round little,
/// and the processor runs them side by side.
template <typename Visit>
void for_each_row(Index rows, const Visit& visit) {
  const Index rest = rows % 4;
  for (Index row = 0; row < rows - rest; row += 4) {
    visit(std::size_t{0}, row);
    visit(std::size_t{1}, row + 1);
    visit(std::size_t{2}, row + 2);
    visit(std::size_t{3}, row + 3);
  }
  // A chain's number is a constant everywhere, so that the chains stay in registers.
  if (rest > 0) visit(std::size_t{0}, rows - rest);
  if (rest > 1) visit(std::size_t{1}, rows - rest + 1);
  if (rest > 2) visit(std::size_t{2}, rows - rest + 2);
}

/// Coefficients come either one per lane (channels beside each other) or the same for all lanes.
enum class Spread { per_lane, same };

template <typename P>
P spread(const ScalarOf<P>* values, Index channel, Spread how) {
  return how == Spread::per_lane ? load<P>(values + channel) : broadcast<P>(values[channel]);
}

}  // namespace batchnorm::detail
