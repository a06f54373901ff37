#ifndef BATCHNORM_FORMULAS_FORMULAS
#define BATCHNORM_FORMULAS_FORMULAS

#include "units.hpp"

// The formulas of batch normalization, per channel and in double, in one sweep over the channels;
// every result is rounded once. Of every product that meets a sum it is said whether both are one
// operation (`multiply_add`) or two (`multiply`), so that no compiler decides it differently for
// two channels.
// In: statistics and sums of a channel, gamma and beta.
// Out: the coefficients with which `transform` maps every element.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// 1 / sqrt(variance + epsilon), or 0 where both are 0: such a channel's values are all equal, and
/// y is beta.
template <typename P>
P inverse_deviation_of(const P& variance, double epsilon) {
  const P none = broadcast<P>(0);
  const P sum = add(variance, broadcast<P>(epsilon));
  const P inverse = divide(broadcast<P>(1), square_root(sum));
  if (epsilon > 0.0) return inverse;
  const P inverse_unless_zero = select_less(none, sum, inverse, none);
  return add(inverse_unless_zero, multiply(none, sum));
}

/// Fills a range of `k`, which has its size, from the statistics. A channel whose statistics are
/// not finite becomes NaN as a whole, by adding 0 * mean and 0 * variance.
template <typename Scalar>
void prepare_coefficients(const Statistics<Scalar>& of, const ChannelRange& range,
                          ChannelCoefficients<Scalar>& k) {
  for_each_channel_packet(range, [&]<typename P>(const ChannelsAt<P>& at) {
    const P none = broadcast<P>(0);
    const P of_mean = at.load(of.mean);
    const P variance = multiply(at.load(of.m2), broadcast<P>(of.share));
    const P nothing = add(multiply(none, of_mean), multiply(none, variance));
    const P mean = add(of_mean, nothing);
    const P inverse = add(inverse_deviation_of(variance, of.epsilon), nothing);
    const P centre = rounded_to<Scalar>(mean);
    P rest = subtract(mean, centre);
    if (of.low != nullptr) rest = add(rest, at.load(of.low));
    P scale = inverse;
    if (of.gamma != nullptr) scale = multiply(at.load(of.gamma), inverse);
    P shift = at.load_or(of.beta, 0);
    if (of.r != nullptr) {
      scale = multiply(scale, at.load(of.r));
      shift = multiply_add(at.load_or(of.gamma, 1), at.load(of.d), shift);
    }
    scale = rounded_to<Scalar>(scale);
    at.store(k.centre.data(), centre);
    at.store(k.rest.data(), rest);
    at.store(k.inverse_deviation.data(), inverse);
    at.store(k.scale.data(), scale);
    at.store(k.shift.data(), multiply_add(minus(rest), scale, shift));
  });
  if (of.epsilon < least_usual_epsilon) prepare_scale_units(of, range, k);
}

/// Fills `to`, which has its size, with the coefficients of gamma * (r * x_hat + d) + beta, from
/// those of x_hat; r and d may be null.
template <typename Scalar>
void modulate_coefficients(const ChannelCoefficients<Scalar>& of_x_hat, const Scalar* gamma,
                           const Scalar* beta, const double* r, const double* d,
                           ChannelCoefficients<Scalar>& to) {
  for_each_channel_packet({0, of_x_hat.size()}, [&]<typename P>(const ChannelsAt<P>& at) {
    const P inverse = at.load(of_x_hat.inverse_deviation.data());
    const P rest = at.load(of_x_hat.rest.data());
    P scale = multiply(at.load(gamma), inverse);
    P shift = at.load(beta);
    if (r != nullptr) {
      scale = multiply(scale, at.load(r));
      shift = multiply_add(at.load(gamma), at.load(d), shift);
    }
    scale = rounded_to<Scalar>(scale);
    at.store(to.centre.data(), at.load(of_x_hat.centre.data()));
    at.store(to.rest.data(), rest);
    at.store(to.inverse_deviation.data(), inverse);
    at.store(to.scale.data(), scale);
    at.store(to.shift.data(), multiply_add(minus(rest), scale, shift));
  });
}

/// The units of a range of channels, and their coefficients in them.
template <typename Scalar>
void prepare_units(const ChannelCoefficients<Scalar>& k, const ChannelRange& range,
                   GradientCoefficients<Scalar>& gradient) {
  const bool has_units = k.units.wanted();
  for_each_channel_packet(range, [&]<typename P>(const ChannelsAt<P>& at) {
    const P centre = at.load(k.centre.data());
    const P unit = unit_for(at.load(k.inverse_deviation.data()), centre);
    at.store(gradient.unit.data(), unit);
    at.store(gradient.centre_units.data(), multiply(minus(centre), unit));
    const P scale_per_unit = multiply(at.load(k.scale.data()), power_quotient(1, unit));
    at.store(gradient.scale_per_unit.data(),
             has_units ? at.load(k.units.scale_per_unit.data()) : scale_per_unit);
  });
}

/// Turns a range's sums of g * (x - centre) * unit into sums of g * x_hat.
template <typename Scalar>
void normalize_products(const ChannelCoefficients<Scalar>& k, const ChannelRange& range,
                        GradientCoefficients<Scalar>& gradient) {
  for_each_channel_packet(range, [&]<typename P>(const ChannelsAt<P>& at) {
    const P per_unit = power_quotient(1, at.load(gradient.unit.data()));
    const P product = multiply(at.load(gradient.product.data()), per_unit);
    const P centred =
        multiply_add(minus(at.load(k.rest.data())), at.load(gradient.sum.data()), product);
    at.store(gradient.product.data(), multiply(centred, at.load(k.inverse_deviation.data())));
  });
}

/// The coefficients of dx = scale * (g - mean(g) - x_hat * mean(g x_hat)), from a range's
/// normalised products of `count` values. The slope is per unit where the scale is.
template <typename Scalar>
void prepare_batch_gradient(const ChannelCoefficients<Scalar>& k, double count,
                            const ChannelRange& range, GradientCoefficients<Scalar>& gradient) {
  const bool has_units = k.units.wanted();
  for_each_channel_packet(range, [&]<typename P>(const ChannelsAt<P>& at) {
    const P share = broadcast<P>(1.0 / count);
    const P mean_product = multiply(minus(at.load(gradient.product.data())), share);
    const P slope = multiply(mean_product, at.load(k.inverse_deviation.data()));
    const P mean = multiply(minus(at.load(gradient.sum.data())), share);
    at.store(gradient.offset.data(), multiply_add(minus(at.load(k.rest.data())), slope, mean));
    const P per_unit = power_quotient(1, at.load(gradient.unit.data()));
    at.store(gradient.slope.data(), has_units ? multiply(slope, per_unit) : slope);
  });
}

/// gradient = sums, or gradient += sums, of `channels` channels. `gradient` may be null.
template <typename Scalar>
void write_gradient(const double* sums, Index channels, bool add_to, Scalar* gradient) {
  if (gradient == nullptr) return;
  for_each_channel_packet({0, channels}, [&]<typename P>(const ChannelsAt<P>& at) {
    const P sum = at.load(sums);
    at.store(gradient, add_to ? add(at.load(gradient), sum) : sum);
  });
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
