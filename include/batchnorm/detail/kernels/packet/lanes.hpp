#ifndef BATCHNORM_PACKET_LANES
#define BATCHNORM_PACKET_LANES

#include <array>

#include "packet.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// The lanes of a packet as an array.
template <typename P>
auto lane_array(const P& packet) {
  std::array<ScalarOf<P>, std::size_t{lanes<P>}> result;
  store(result.data(), packet);
  return result;
}

/// The sum of an array's values, in halves, which vectors add.
template <std::size_t N>
double sum_of(const std::array<double, N>& values) {
  if constexpr (N == 1) {
    return values[0];
  } else {
    std::array<double, N / 2> half;
    for (std::size_t l = 0; l < half.size(); ++l) half[l] = values[l] + values[l + N / 2];
    return sum_of(half);
  }
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
  if constexpr (is_pair<P>) {
    const auto half = [&](Index from, const auto& a, const auto& b) {
      return replace_before(from, PacketOf<ScalarOf<P>>{a}, PacketOf<ScalarOf<P>>{b}).raw;
    };
    return {{half(first, packet.raw.low, idle.raw.low),
             half(first - lanes<P> / 2, packet.raw.high, idle.raw.high)}};
  } else {
    const P bound = broadcast<P>(static_cast<ScalarOf<P>>(first));
    return select_less(lane_numbers<P>(), bound, idle, packet);
  }
}

/// Coefficients come either one per lane (channels beside each other) or the same for all lanes.
enum class Spread { per_lane, same };

template <typename P>
P spread(const ScalarOf<P>* values, Index channel, Spread how) {
  return how == Spread::per_lane ? load<P>(values + channel) : broadcast<P>(values[channel]);
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
