#pragma once

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "../options.hpp"
#include "gradient_kernel.hpp"

// The formulas of batch normalization, per channel and in double; every result is rounded once.
namespace batchnorm::detail {

template <typename Scalar>
using ChannelArray = Eigen::Array<Scalar, Eigen::Dynamic, 1>;

/// Rounds to `Scalar`; what is finite stays finite, and what is not stays so.
template <typename Scalar>
Scalar round_to(double value) {
  constexpr double most{std::numeric_limits<Scalar>::max()};
  if (std::abs(value) <= most) return static_cast<Scalar>(value);
  return static_cast<Scalar>(std::isfinite(value) ? std::copysign(most, value) : value);
}

/// What forward computes per channel and backward needs again (Ioffe and Szegedy 2015, algorithm
/// 1).
template <typename Scalar>
struct ChannelCoefficients {
  ChannelArray<double> mean;               ///< mu
  ChannelArray<double> inverse_deviation;  ///< 1 / sqrt(sigma^2 + epsilon)
  ChannelArray<Scalar> centre;             ///< mean, rounded
  ChannelArray<Scalar> scale;              ///< gamma * inverse_deviation
  ChannelArray<Scalar> shift;              ///< beta - (mean - centre) * scale

  void resize(Index channels) {
    for (auto* values : {&mean, &inverse_deviation}) values->resize(channels);
    for (auto* values : {&centre, &scale, &shift}) values->resize(channels);
  }
};

/// 1 / sqrt(variance + epsilon), or 0 where both are 0: such a channel's values are all equal, and
/// y is beta.
inline void invert_deviation(const ChannelArray<double>& variance, double epsilon,
                             ChannelArray<double>& inverse) {
  inverse = 1.0 / (variance + epsilon).sqrt();
  for (Index c = 0; c < variance.size(); ++c) {
    if (variance[c] + epsilon == 0.0) inverse[c] = 0.0;
  }
}

/// Fills `k` from the statistics of every channel; `gamma` and `beta` may be null. A channel whose
/// statistics are not finite becomes NaN as a whole, by adding 0 * mean and 0 * variance.
template <typename Scalar>
void prepare_coefficients(const ChannelArray<double>& mean, const ChannelArray<double>& variance,
                          const Scalar* gamma, const Scalar* beta, double epsilon,
                          ChannelCoefficients<Scalar>& k) {
  k.resize(mean.size());
  k.mean = mean + 0.0 * mean + 0.0 * variance;
  invert_deviation(variance, epsilon, k.inverse_deviation);
  k.inverse_deviation += 0.0 * k.mean;
  k.centre = k.mean.template cast<Scalar>();
  for (Index c = 0; c < mean.size(); ++c) {
    const double scale =
        (gamma != nullptr ? static_cast<double>(gamma[c]) : 1.0) * k.inverse_deviation[c];
    const double rest = k.mean[c] - static_cast<double>(k.centre[c]);
    k.scale[c] = static_cast<Scalar>(scale);
    k.shift[c] =
        static_cast<Scalar>((beta != nullptr ? static_cast<double>(beta[c]) : 0.0) - rest * scale);
  }
}

/// What backward computes per channel.
template <typename Scalar>
struct GradientCoefficients {
  ChannelArray<Scalar> unit;     ///< see NormalizedChannels
  ChannelArray<Scalar> offset;   ///< -scale * mean of g, and what the rounding of `centre` asks for
  ChannelArray<Scalar> slope;    ///< -scale * mean of g * x_hat, per unit of x - centre
  ChannelArray<double> sum;      ///< sum of g: the gradient of beta
  ChannelArray<double> product;  ///< sum of g * x_hat: the gradient of gamma

  void resize(Index channels) {
    for (auto* values : {&unit, &offset, &slope}) values->resize(channels);
    for (auto* values : {&sum, &product}) values->resize(channels);
  }
};

/// The power of two next below a positive `value`, kept within the range of float.
inline double power_of_two_below(double value) {
  constexpr std::uint64_t exponent_bits = 0x7ff0'0000'0000'0000;
  const auto power = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) & exponent_bits);
  return std::min(std::max(power, 0x1p-100), 0x1p100);
}

template <typename Scalar>
void prepare_units(const ChannelCoefficients<Scalar>& k, GradientCoefficients<Scalar>& gradient) {
  for (Index c = 0; c < k.mean.size(); ++c) {
    gradient.unit[c] = static_cast<Scalar>(power_of_two_below(k.inverse_deviation[c]));
  }
}

/// Turns the sums of g * (x - centre) * unit into sums of g * x_hat.
template <typename Scalar>
void normalize_products(const ChannelCoefficients<Scalar>& k,
                        GradientCoefficients<Scalar>& gradient) {
  for (Index c = 0; c < k.mean.size(); ++c) {
    const double rest = k.mean[c] - static_cast<double>(k.centre[c]);
    const double centred =
        gradient.product[c] / static_cast<double>(gradient.unit[c]) - rest * gradient.sum[c];
    gradient.product[c] = centred * k.inverse_deviation[c];
  }
}

/// The coefficients of dx = scale * (g - mean(g) - x_hat * mean(g x_hat)), from normalised products
/// of `count` values.
template <typename Scalar>
void prepare_batch_gradient(const ChannelCoefficients<Scalar>& k, Index count,
                            GradientCoefficients<Scalar>& gradient) {
  for (Index c = 0; c < k.mean.size(); ++c) {
    const double rest = k.mean[c] - static_cast<double>(k.centre[c]);
    const double mean_g = gradient.sum[c] / static_cast<double>(count);
    const double slope = gradient.product[c] / static_cast<double>(count) * k.inverse_deviation[c];
    const auto scale = static_cast<double>(k.scale[c]);
    gradient.offset[c] = static_cast<Scalar>(-scale * (mean_g - rest * slope));
    gradient.slope[c] =
        static_cast<Scalar>(-scale * (slope / static_cast<double>(gradient.unit[c])));
  }
}

/// gradient = sums, or gradient += sums. `gradient` may be null.
template <typename Scalar>
void write_gradient(const ChannelArray<double>& sums, bool add, Scalar* gradient) {
  if (gradient == nullptr) return;
  for (Index c = 0; c < sums.size(); ++c) {
    gradient[c] = static_cast<Scalar>((add ? static_cast<double>(gradient[c]) : 0.0) + sums[c]);
  }
}

/// What a batch says of its channels, and the running statistics that it moves.
template <typename Scalar>
struct RunningUpdate {
  const double* mean;
  const double* m2;
  double divisor;  ///< of m2
  Scalar* running_mean;
  Scalar* running_variance;

  void move(Index c, double old_weight, double new_weight) const {
    running_mean[c] =
        round_to<Scalar>(old_weight * static_cast<double>(running_mean[c]) + new_weight * mean[c]);
    running_variance[c] = round_to<Scalar>(old_weight * static_cast<double>(running_variance[c]) +
                                           new_weight * (m2[c] / divisor));
  }
};

inline bool all_finite(const ChannelArray<double>& mean, const ChannelArray<double>& m2) {
  bool finite = true;
  for (Index c = 0; c < mean.size(); ++c) finite &= 0.0 * mean[c] + 0.0 * m2[c] == 0.0;
  return finite;
}

/// Moves the running statistics of every channel by a batch of `count` values (algorithm 2, line
/// 10); a channel that is not finite stays and is counted, unless the options say otherwise.
template <typename State>
void update_running_statistics(const ChannelArray<double>& mean, const ChannelArray<double>& m2,
                               Index count, const Options& options, State& state) {
  using Scalar = std::remove_cvref_t<decltype(*state.running_mean.data())>;
  const bool unbiased = options.running_variance == RunningVariance::unbiased;
  const RunningUpdate<Scalar> update{mean.data(), m2.data(),
                                     static_cast<double>(unbiased ? count - 1 : count),
                                     state.running_mean.data(), state.running_variance.data()};
  const bool reject = options.non_finite == NonFinite::reject && !all_finite(mean, m2);
  std::int64_t* rejected = state.rejected.data();
  ++state.batches;
  for (Index c = 0; c < mean.size(); ++c) {
    if (reject && !(std::isfinite(mean[c]) && std::isfinite(m2[c]))) {
      ++rejected[c];
      continue;
    }
    const auto accepted = static_cast<double>(state.batches - rejected[c]);
    update.move(c, options.momentum.old_weight(accepted), options.momentum.new_weight(accepted));
  }
}

}  // namespace batchnorm::detail
