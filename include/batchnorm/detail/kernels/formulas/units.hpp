#ifndef BATCHNORM_FORMULAS_UNITS
#define BATCHNORM_FORMULAS_UNITS

#include <cmath>
#include <limits>

#include "../packet/powers.hpp"
#include "channel_packets.hpp"
#include "coefficients.hpp"

// Units in which deviations from the centre are measured where they or their products would leave
// the range of `Scalar`: powers of two, which change no digit.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// A unit near the inverse deviation, at least 2^-100, and with centres of at most 2^101 units. Of
/// what is not finite, some power of two.
template <typename P>
P unit_for(const P& inverse_deviation, const P& centre) {
  const P most_of_centre =
      power_quotient(0x1p100, power_of_two_below(maximum(broadcast<P>(1), absolute(centre))));
  const P wanted = minimum(most_of_centre, inverse_deviation);
  return power_of_two_below(maximum(broadcast<P>(0x1p-100), wanted));
}

/// The units of a range of channels whose scale may be beyond the range of `Scalar`, and the shift
/// of those whose scale is.
template <typename Scalar>
void prepare_scale_units(const Statistics<Scalar>& of, const ChannelRange& range,
                         ChannelCoefficients<Scalar>& k) {
  k.units.resize(k.size());
  for (Index c = range.begin; c < range.end; ++c) {
    const double gamma = of.gamma == nullptr ? 1.0 : static_cast<double>(of.gamma[c]);
    const double scale = gamma * k.inverse_deviation[c] * (of.r == nullptr ? 1.0 : of.r[c]);
    const double unit = unit_for(k.inverse_deviation[c], static_cast<double>(k.centre[c]));
    k.units.unit[c] = static_cast<Scalar>(unit);
    k.units.scale_per_unit[c] = static_cast<Scalar>(scale * power_quotient(1, unit));
    if (std::abs(scale) <= double{std::numeric_limits<Scalar>::max()}) continue;
    k.units.beyond_range = true;
    const double beta = of.beta == nullptr ? 0.0 : static_cast<double>(of.beta[c]);
    const double shift = of.d == nullptr ? beta : multiply_add(gamma, of.d[c], beta);
    k.shift[c] = static_cast<Scalar>(multiply_add(-k.rest[c], scale, shift));
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
