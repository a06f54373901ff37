#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../../order/channels.hpp"

// Units in which deviations from the centre are measured where they or their products would leave
// the range of `Scalar`: powers of two, which change no digit.
namespace batchnorm::detail {

/// The bits of a double, of which the larger belong to the larger where none is negative.
using DoubleBits = std::uint64_t;

inline DoubleBits bits_of(double value) { return std::bit_cast<DoubleBits>(value); }

// Of values, not of references: what the standard library has keeps a loop from vectors.
inline DoubleBits smaller(DoubleBits a, DoubleBits b) { return b < a ? b : a; }
inline DoubleBits larger(DoubleBits a, DoubleBits b) { return a < b ? b : a; }

/// The power of two next below a positive value.
inline double power_of_two_below(DoubleBits value) {
  constexpr DoubleBits exponent = 0x7ff0'0000'0000'0000;
  return std::bit_cast<double>(value & exponent);
}

/// 1 / `power`, a power of two.
inline double inverse_of_power_of_two(double power) {
  return std::bit_cast<double>(2 * bits_of(1.0) - bits_of(power));
}

/// A unit near the inverse deviation, at least 2^-100, and with centres of at most 2^101 units.
inline double unit_for(double inverse_deviation, double centre) {
  const DoubleBits most = bits_of(0x1p100);
  const DoubleBits least = bits_of(0x1p-100);
  const DoubleBits one = bits_of(1.0);
  const DoubleBits of_centre = most + one - larger(bits_of(std::abs(centre)), one);
  const DoubleBits wanted = smaller(bits_of(inverse_deviation), of_centre);
  return power_of_two_below(larger(wanted, least));
}

/// From this epsilon on, no inverse deviation leaves the range of float.
inline constexpr double least_usual_epsilon = 0x1p-240;

/// What forward needs beside its coefficients where the scale of some channel is beyond the largest
/// `Scalar`, since its deviation is next to the smallest: y = ((x - centre) * unit) *
/// scale_per_unit
/// + shift.
template <typename Scalar>
struct ChannelUnits {
  ChannelArray<Scalar> unit;
  ChannelArray<Scalar> scale_per_unit;
  bool beyond_range = false;

  /// Of `double`, no deviation is so small.
  bool wanted() const { return !std::is_same_v<Scalar, double> && beyond_range; }
  void forget() { beyond_range = false; }

  /// Those of a range of `k`, whose shift is written again.
  template <typename Coefficients>
  void prepare(const ChannelRange& range, Coefficients& k, const Scalar* gamma,
               const Scalar* beta) {
    unit.resize(k.size());
    scale_per_unit.resize(k.size());
    for (Index c = range.begin; c < range.end; ++c) {
      const double scale =
          (gamma == nullptr ? 1.0 : static_cast<double>(gamma[c])) * k.inverse_deviation[c];
      const double chosen = unit_for(k.inverse_deviation[c], static_cast<double>(k.centre[c]));
      unit[c] = static_cast<Scalar>(chosen);
      scale_per_unit[c] = static_cast<Scalar>(scale * inverse_of_power_of_two(chosen));
      if (std::abs(scale) <= double{std::numeric_limits<Scalar>::max()}) continue;
      beyond_range = true;
      k.shift[c] = static_cast<Scalar>((beta == nullptr ? 0.0 : static_cast<double>(beta[c])) -
                                       k.rest[c] * scale);
    }
  }
};

}  // namespace batchnorm::detail
