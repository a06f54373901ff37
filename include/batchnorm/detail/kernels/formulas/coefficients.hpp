#pragma once

#include <algorithm>
#include <array>
#include <type_traits>

#include "../../order/channels.hpp"

// What the formulas compute per channel, kept from forward to backward.
namespace batchnorm::detail {

/// From this epsilon on, no inverse deviation leaves the range of float.
inline constexpr double least_usual_epsilon = 0x1p-240;

/// What forward needs beside its coefficients where the scale of some channel is beyond the largest
/// `Scalar`, since its deviation is next to the smallest: y = ((x - centre) * unit) *
/// scale_per_unit + shift.
template <typename Scalar>
struct ChannelUnits {
  ChannelArray<Scalar> unit;
  ChannelArray<Scalar> scale_per_unit;
  bool beyond_range = false;

  ChannelUnits() = default;
  explicit ChannelUnits(const Source& source) : unit(source), scale_per_unit(source) {}

  /// Of `double`, no deviation is so small.
  bool wanted() const { return !std::is_same_v<Scalar, double> && beyond_range; }
  void forget() { beyond_range = false; }

  void resize(Index channels) {
    for (auto* values : {&unit, &scale_per_unit}) values->resize(channels);
  }
};

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

  ChannelCoefficients() = default;
  explicit ChannelCoefficients(const Source& source)
      : rest(source),
        inverse_deviation(source),
        centre(source),
        scale(source),
        shift(source),
        units(source) {}

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
  const double* m2;
  double share;  ///< variance = m2 * share
  const Scalar* gamma;
  const Scalar* beta;
  double epsilon;
  const double* r = nullptr;  ///< of x_hat, by renormalization; null for 1
  const double* d = nullptr;  ///< and what is added to that; null for 0
};

/// What a batch says of its channels, and the running statistics that it moves.
struct RunningUpdate {
  const double* mean;
  const double* m2;
  double share;  ///< variance = m2 * share
  double* running_mean;
  double* running_variance;
};

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

  explicit GradientCoefficients(const Source& source)
      : unit(source),
        centre_units(source),
        scale_per_unit(source),
        offset(source),
        slope(source),
        sum(source),
        product(source) {}

  void resize(Index channels) {
    for (auto* values : {&unit, &centre_units, &scale_per_unit, &offset, &slope})
      values->resize(channels);
    for (auto* values : {&sum, &product}) values->resize(channels);
  }

  /// Of some channels whose statistics are constants: nothing of dx goes through them.
  void through_nothing(const ChannelRange& range) {
    for (auto* values : {&offset, &slope})
      std::fill(values->data() + range.begin, values->data() + range.end, Scalar(0));
  }
};

/// What a second backward maps every element of a channel with: factors of 1, x - centre, v and dy
/// in the gradient with respect to x, and behind them those of 1, x - centre and v in that with
/// respect to dy.
template <typename Scalar>
struct SecondCoefficients {
  std::array<ChannelArray<Scalar>, 7> values;

  explicit SecondCoefficients(const Source& source)
      : values{ChannelArray<Scalar>(source), ChannelArray<Scalar>(source),
               ChannelArray<Scalar>(source), ChannelArray<Scalar>(source),
               ChannelArray<Scalar>(source), ChannelArray<Scalar>(source),
               ChannelArray<Scalar>(source)} {}

  void resize(Index channels) {
    for (auto& array : values) array.resize(channels);
  }
};

}  // namespace batchnorm::detail
