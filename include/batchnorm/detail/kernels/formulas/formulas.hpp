#pragma once

#include "../../order/channels.hpp"
#include "../packet/channel_packets.hpp"
#include "units.hpp"

// The formulas of batch normalization, per channel and in double; every result is rounded once.
// Every sum of a product says that it is fused (`multiply_add`), so that no compiler decides it
// differently for two channels.
// In: statistics and sums of a channel, gamma and beta.
// Out: the coefficients with which `transform` maps every element.
namespace batchnorm::detail {

/// What forward computes per channel and backward needs again (Ioffe and Szegedy 2015, algorithm
/// 1).
template <typename Scalar>
struct ChannelCoefficients {
  ChannelArray<double> rest;               ///< mu - centre
  ChannelArray<double> inverse_deviation;  ///< 1 / sqrt(sigma^2 + epsilon)
  ChannelArray<Scalar> centre;             ///< mu, rounded
  ChannelArray<Scalar> scale;              ///< gamma * inverse_deviation
  ChannelArray<Scalar> shift;              ///< beta - rest * scale
  ChannelUnits<Scalar> units;              ///< of channels whose scale leaves the range of `Scalar`

  Index size() const { return rest.size(); }

  void resize(Index channels) {
    for (auto* values : {&rest, &inverse_deviation}) values->resize(channels);
    for (auto* values : {&centre, &scale, &shift}) values->resize(channels);
    units.forget();
  }
};

/// What normalises: the statistics of every channel, and the parameters. What the mean leaves out
/// and the parameters may be null.
template <typename Scalar>
struct Statistics {
  const double* mean;
  const double* low;
  const double* variance;
  const Scalar* gamma;
  const Scalar* beta;
  double epsilon;
};

/// 1 / sqrt(variance + epsilon), or 0 where both are 0: such a channel's values are all equal, and
/// y is beta.
inline void invert_deviations(const double* variance, double epsilon, Index channels,
                              double* inverse) {
  for_each_channel_packet(channels, [&]<typename P>(const ChannelsAt<P>& at) {
    const P sum = add(at.load(variance), broadcast<P>(epsilon));
    at.store(inverse, divide(broadcast<P>(1), square_root(sum)));
  });
  if (epsilon > 0.0) return;
  for (Index c = 0; c < channels; ++c) {
    if (variance[c] + epsilon == 0.0) inverse[c] = 0.0;
  }
}

// A loop for each case, without a branch within, is one of vectors.

/// `gamma` may be null.
template <typename Scalar>
void write_scale(const Scalar* gamma, const ChannelRange& range, ChannelCoefficients<Scalar>& k) {
  if (gamma == nullptr) {
    for (Index c = range.begin; c < range.end; ++c)
      k.scale[c] = static_cast<Scalar>(k.inverse_deviation[c]);
  } else {
    for (Index c = range.begin; c < range.end; ++c)
      k.scale[c] = static_cast<Scalar>(static_cast<double>(gamma[c]) * k.inverse_deviation[c]);
  }
}

/// `beta` may be null.
template <typename Scalar>
void write_shift(const Scalar* beta, const ChannelRange& range, ChannelCoefficients<Scalar>& k) {
  const auto shift = [&](Index c, double of_beta) {
    const auto scale = static_cast<double>(k.scale[c]);
    k.shift[c] = static_cast<Scalar>(multiply_add(-k.rest[c], scale, of_beta));
  };
  if (beta == nullptr) {
    for (Index c = range.begin; c < range.end; ++c) shift(c, 0.0);
  } else {
    for (Index c = range.begin; c < range.end; ++c) shift(c, static_cast<double>(beta[c]));
  }
}

/// Centre, rest and inverse deviation. A channel whose statistics are not finite becomes NaN as a
/// whole, by adding 0 * mean and 0 * variance.
template <typename Scalar>
void write_centre(const Statistics<Scalar>& statistics, const ChannelRange& range,
                  ChannelCoefficients<Scalar>& k) {
  for (Index c = range.begin; c < range.end; ++c) {
    const double nothing = 0.0 * statistics.mean[c] + 0.0 * statistics.variance[c];
    const double mean = statistics.mean[c] + nothing;
    k.inverse_deviation[c] += nothing;
    k.centre[c] = static_cast<Scalar>(mean);
    k.rest[c] = mean - static_cast<double>(k.centre[c]);
  }
  if (statistics.low == nullptr) return;
  for (Index c = range.begin; c < range.end; ++c) k.rest[c] += statistics.low[c];
}

/// Fills a range of `k`, which has its size, from the statistics.
template <typename Scalar>
void prepare_coefficients(const Statistics<Scalar>& statistics, const ChannelRange& range,
                          ChannelCoefficients<Scalar>& k) {
  invert_deviations(statistics.variance + range.begin, statistics.epsilon, range.size(),
                    k.inverse_deviation.data() + range.begin);
  write_centre(statistics, range, k);
  write_scale(statistics.gamma, range, k);
  write_shift(statistics.beta, range, k);
  if (statistics.epsilon < least_usual_epsilon) {
    k.units.prepare(range, k, statistics.gamma, statistics.beta);
  }
}

/// Fills all of `k` from running statistics; `gamma` and `beta` may be null.
template <typename Scalar>
void prepare_coefficients(const Eigen::VectorXd& mean, const Eigen::VectorXd& variance,
                          const Scalar* gamma, const Scalar* beta, double epsilon,
                          ChannelCoefficients<Scalar>& k) {
  k.resize(mean.size());
  prepare_coefficients<Scalar>({mean.data(), nullptr, variance.data(), gamma, beta, epsilon},
                               {0, mean.size()}, k);
}

/// What backward computes per channel.
template <typename Scalar>
struct GradientCoefficients {
  ChannelArray<Scalar> unit;            ///< see UnitChannels
  ChannelArray<Scalar> centre_units;    ///< see UnitChannels
  ChannelArray<Scalar> scale_per_unit;  ///< see UnitChannels
  ChannelArray<Scalar> offset;          ///< -mean of g, and what the rounding of `centre` asks for
  ChannelArray<Scalar> slope;           ///< -mean of g * x_hat, per x - centre
  ChannelArray<double> sum;             ///< sum of g: the gradient of beta
  ChannelArray<double> product;         ///< sum of g * x_hat: the gradient of gamma

  void resize(Index channels) {
    for (auto* values : {&unit, &centre_units, &scale_per_unit, &offset, &slope})
      values->resize(channels);
    for (auto* values : {&sum, &product}) values->resize(channels);
  }
};

/// The units of every channel, and its coefficients in them.
template <typename Scalar>
void prepare_units(const ChannelCoefficients<Scalar>& k, GradientCoefficients<Scalar>& gradient) {
  for (Index c = 0; c < k.size(); ++c) {
    const auto centre = static_cast<double>(k.centre[c]);
    const double unit = unit_for(k.inverse_deviation[c], centre);
    gradient.unit[c] = static_cast<Scalar>(unit);
    gradient.centre_units[c] = static_cast<Scalar>(-centre * unit);
    gradient.scale_per_unit[c] =
        static_cast<Scalar>(static_cast<double>(k.scale[c]) * inverse_of_power_of_two(unit));
  }
  if (k.units.wanted()) gradient.scale_per_unit = k.units.scale_per_unit;
}

/// Turns a range's sums of g * (x - centre) * unit into sums of g * x_hat.
template <typename Scalar>
void normalize_products(const ChannelCoefficients<Scalar>& k, const ChannelRange& range,
                        GradientCoefficients<Scalar>& gradient) {
  for (Index c = range.begin; c < range.end; ++c) {
    const double unit = inverse_of_power_of_two(static_cast<double>(gradient.unit[c]));
    const double centred = multiply_add(-k.rest[c], gradient.sum[c], gradient.product[c] * unit);
    gradient.product[c] = centred * k.inverse_deviation[c];
  }
}

/// The slope per unit, where it leaves the range of `Scalar` per 1.
template <typename Scalar>
void write_slope_per_unit(const ChannelCoefficients<Scalar>& k, double share,
                          const ChannelRange& range, GradientCoefficients<Scalar>& gradient) {
  for (Index c = range.begin; c < range.end; ++c) {
    const double slope = -gradient.product[c] * share * k.inverse_deviation[c];
    const double per_unit = inverse_of_power_of_two(static_cast<double>(gradient.unit[c]));
    gradient.slope[c] = static_cast<Scalar>(slope * per_unit);
  }
}

/// The coefficients of dx = scale * (g - mean(g) - x_hat * mean(g x_hat)), from a range's
/// normalised products of `count` values.
template <typename Scalar>
void prepare_batch_gradient(const ChannelCoefficients<Scalar>& k, Index count,
                            const ChannelRange& range, GradientCoefficients<Scalar>& gradient) {
  const double share = 1.0 / static_cast<double>(count);
  for (Index c = range.begin; c < range.end; ++c) {
    const double slope = -gradient.product[c] * share * k.inverse_deviation[c];
    gradient.offset[c] =
        static_cast<Scalar>(multiply_add(-k.rest[c], slope, -gradient.sum[c] * share));
    gradient.slope[c] = static_cast<Scalar>(slope);
  }
  if (k.units.wanted()) write_slope_per_unit(k, share, range, gradient);
}

/// gradient = sums, or gradient += sums. `gradient` may be null.
template <typename Scalar>
void write_gradient(const ChannelArray<double>& sums, bool add, Scalar* gradient) {
  if (gradient == nullptr) return;
  if (add) {
    for (Index c = 0; c < sums.size(); ++c)
      gradient[c] = static_cast<Scalar>(static_cast<double>(gradient[c]) + sums[c]);
  } else {
    for (Index c = 0; c < sums.size(); ++c) gradient[c] = static_cast<Scalar>(sums[c]);
  }
}

}  // namespace batchnorm::detail
