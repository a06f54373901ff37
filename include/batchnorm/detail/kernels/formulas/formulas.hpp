#pragma once

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <cstdint>

#include "../../order/channels.hpp"
#include "../packet/packet.hpp"

// The formulas of batch normalization, per channel and in double; every result is rounded once.
// In: statistics and sums of a channel, gamma and beta.
// Out: the coefficients with which `transform` maps every element.
namespace batchnorm::detail {

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

/// What normalises: the statistics of every channel, and the parameters, which may be null.
template <typename Scalar>
struct Statistics {
  const ChannelArray<double>& mean;
  const ChannelArray<double>& variance;
  const Scalar* gamma;
  const Scalar* beta;
  double epsilon;
};

/// 1 / sqrt(variance + epsilon) of a channel, or of a packet of them.
template <typename P>
void invert_deviation(const double* variance, double epsilon, double* inverse) {
  const P sum = add(load<P>(variance), broadcast<P>(epsilon));
  store(inverse, divide(broadcast<P>(1), square_root(sum)));
}

/// 1 / sqrt(variance + epsilon), or 0 where both are 0: such a channel's values are all equal, and
/// y is beta.
inline void invert_deviations(const double* variance, double epsilon, Index channels,
                              double* inverse) {
  using Wide = PacketOf<double>;
  Index c = 0;
  for (; c + lanes<Wide> <= channels; c += lanes<Wide>)
    invert_deviation<Wide>(variance + c, epsilon, inverse + c);
  for (; c < channels; ++c) invert_deviation<double>(variance + c, epsilon, inverse + c);
  if (epsilon > 0.0) return;
  for (c = 0; c < channels; ++c) {
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
  const auto from_centre = [&](Index c) {
    return (static_cast<double>(k.centre[c]) - k.mean[c]) * static_cast<double>(k.scale[c]);
  };
  if (beta == nullptr) {
    for (Index c = range.begin; c < range.end; ++c)
      k.shift[c] = static_cast<Scalar>(from_centre(c));
  } else {
    for (Index c = range.begin; c < range.end; ++c)
      k.shift[c] = static_cast<Scalar>(static_cast<double>(beta[c]) + from_centre(c));
  }
}

/// Fills a range of `k`, which has its size, from the statistics. A channel whose statistics are
/// not finite becomes NaN as a whole, by adding 0 * mean and 0 * variance.
template <typename Scalar>
void prepare_coefficients(const Statistics<Scalar>& statistics, const ChannelRange& range,
                          ChannelCoefficients<Scalar>& k) {
  invert_deviations(statistics.variance.data() + range.begin, statistics.epsilon, range.size(),
                    k.inverse_deviation.data() + range.begin);
  for (Index c = range.begin; c < range.end; ++c) {
    const double nothing = 0.0 * statistics.mean[c] + 0.0 * statistics.variance[c];
    k.mean[c] = statistics.mean[c] + nothing;
    k.inverse_deviation[c] += nothing;
    k.centre[c] = static_cast<Scalar>(k.mean[c]);
  }
  write_scale(statistics.gamma, range, k);
  write_shift(statistics.beta, range, k);
}

/// Fills all of `k` from the statistics of every channel; `gamma` and `beta` may be null.
template <typename Scalar>
void prepare_coefficients(const ChannelArray<double>& mean, const ChannelArray<double>& variance,
                          const Scalar* gamma, const Scalar* beta, double epsilon,
                          ChannelCoefficients<Scalar>& k) {
  k.resize(mean.size());
  prepare_coefficients<Scalar>({mean, variance, gamma, beta, epsilon}, {0, mean.size()}, k);
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

/// Units that products and the centre can be measured in without leaving the range of float: near
/// the inverse deviation, at least 2^-100, and with centres of at most 2^101 units.
template <typename Scalar>
void prepare_units(const ChannelCoefficients<Scalar>& k, GradientCoefficients<Scalar>& gradient) {
  const DoubleBits most = bits_of(0x1p100);
  const DoubleBits least = bits_of(0x1p-100);
  const DoubleBits one = bits_of(1.0);
  for (Index c = 0; c < k.mean.size(); ++c) {
    const auto centre = static_cast<double>(k.centre[c]);
    const DoubleBits of_centre = most + one - larger(bits_of(std::abs(centre)), one);
    const DoubleBits wanted = smaller(bits_of(k.inverse_deviation[c]), of_centre);
    const double unit = power_of_two_below(larger(wanted, least));
    gradient.unit[c] = static_cast<Scalar>(unit);
    gradient.centre_units[c] = static_cast<Scalar>(-centre * unit);
    gradient.scale_per_unit[c] =
        static_cast<Scalar>(static_cast<double>(k.scale[c]) * inverse_of_power_of_two(unit));
  }
}

/// Turns a range's sums of g * (x - centre) * unit into sums of g * x_hat.
template <typename Scalar>
void normalize_products(const ChannelCoefficients<Scalar>& k, const ChannelRange& range,
                        GradientCoefficients<Scalar>& gradient) {
  for (Index c = range.begin; c < range.end; ++c) {
    const double rest = k.mean[c] - static_cast<double>(k.centre[c]);
    const double unit = inverse_of_power_of_two(static_cast<double>(gradient.unit[c]));
    const double centred = gradient.product[c] * unit - rest * gradient.sum[c];
    gradient.product[c] = centred * k.inverse_deviation[c];
  }
}

/// The coefficients of dx = scale * (g - mean(g) - x_hat * mean(g x_hat)), from a range's
/// normalised products of `count` values.
template <typename Scalar>
void prepare_batch_gradient(const ChannelCoefficients<Scalar>& k, Index count,
                            const ChannelRange& range, GradientCoefficients<Scalar>& gradient) {
  const double share = 1.0 / static_cast<double>(count);
  for (Index c = range.begin; c < range.end; ++c) {
    const double rest = k.mean[c] - static_cast<double>(k.centre[c]);
    const double slope = -gradient.product[c] * share * k.inverse_deviation[c];
    gradient.offset[c] = static_cast<Scalar>(-gradient.sum[c] * share - rest * slope);
    gradient.slope[c] = static_cast<Scalar>(slope);
  }
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
