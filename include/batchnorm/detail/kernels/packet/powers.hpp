#ifndef BATCHNORM_PACKET_POWERS
#define BATCHNORM_PACKET_POWERS

#include <bit>
#include <cstdint>

#include "packet.hpp"

// Powers of two, by the exponents of doubles.
namespace batchnorm::detail::BATCHNORM_TARGET {

inline constexpr std::uint64_t exponent_bits = 0x7ff0'0000'0000'0000;

/// The power of two next below a positive value, or the value itself if it is one.
template <typename P>
P power_of_two_below(const P& a) {
  if constexpr (is_scalar<P>) {
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) & exponent_bits);
  } else {
    return {masked(a.raw, exponent_bits)};
  }
}

/// power / a, of powers of two.
template <typename P>
P power_quotient(double power, const P& a) {
  const std::uint64_t exponents =
      std::bit_cast<std::uint64_t>(power) + std::bit_cast<std::uint64_t>(1.0);
  if constexpr (is_scalar<P>) {
    return std::bit_cast<double>(exponents - std::bit_cast<std::uint64_t>(a));
  } else {
    return {bits_subtracted(exponents, a.raw)};
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
