#pragma once

#include <algorithm>
#include <cmath>

#include "../kernels/kernels.hpp"
#include "fold_checks.hpp"
#include "reading_checks.hpp"

// This room takes a layer into the map before or behind it.
// In: an Eval layer, a weight and a bias, and what their axes are.
// Out: the folded map: in double from what the layer holds, every value rounded once; to 16 bits by
// way of float.
namespace batchnorm::detail {

/// The layer in double: y = (x - centre) * scale + shift.
template <typename Norm>
ChannelCoefficients<double> coefficients_of(const Norm& norm) {
  const auto state = norm.state();
  const Eigen::ArrayXd gamma = state.gamma.template cast<double>();
  const Eigen::ArrayXd beta = state.beta.template cast<double>();
  ChannelCoefficients<double> k;
  prepare_from_running(norm.channels(), state.running_mean.data(), state.running_variance.data(),
                       gamma.size() == 0 ? nullptr : gamma.data(),
                       beta.size() == 0 ? nullptr : beta.data(), norm.options().epsilon, k);
  return k;
}

template <typename Weight>
auto copy_of(const Weight& weight) {
  auto copy = make_result(weight);
  if constexpr (MatrixLike<Weight>) {
    copy = weight;
  } else {
    std::copy_n(weight.data(), weight.size(), copy.data());
  }
  return copy;
}

template <typename Bias>
Index size_of(const Bias& bias) {
  return bias.size();
}
inline Index size_of(const NoBias& /*none*/) { return no_bias; }

template <typename Scalar, typename Bias>
typename Bias::PlainObject copy_of_bias(const Bias& bias, Index /*outputs*/) {
  return bias;
}
template <typename Scalar>
Eigen::Matrix<Scalar, Eigen::Dynamic, 1> copy_of_bias(const NoBias& /*none*/, Index outputs) {
  return Eigen::Matrix<Scalar, Eigen::Dynamic, 1>::Zero(outputs);
}

template <typename Scalar>
void scale_by(double scale, Scalar& value) {
  value = static_cast<Scalar>(static_cast<double>(value) * scale);
}

template <typename Scalar, typename Bias>
bool all_finite(const WeightView<Scalar>& weight, const Bias& bias) {
  bool finite = bias.array().isFinite().all();
  weight.for_each([&](const Scalar& value, Index, Index) {
    finite = finite && std::isfinite(static_cast<double>(value));
  });
  return finite;
}

/// y = (weight x + bias - centre) * scale + shift, per output. Products are rounded with their
/// sums, said by name, since compilers would choose it here and not there.
template <typename Scalar, typename Bias>
void fold_outputs(const ChannelCoefficients<double>& k, const WeightView<Scalar>& weight,
                  Bias& bias) {
  weight.for_each(
      [&](Scalar& value, Index output, Index /*input*/) { scale_by(k.scale[output], value); });
  for (Index c = 0; c < bias.size(); ++c) {
    const double centred = static_cast<double>(bias[c]) - k.centre[c];
    bias[c] = static_cast<Scalar>(std::fma(centred, k.scale[c], k.shift[c]));
  }
}

/// y = weight ((x - centre) * scale + shift) + bias: what the layer gives for 0 is the same at
/// every position, and goes through the weight into the bias.
template <typename Scalar, typename Bias>
void fold_inputs(const ChannelCoefficients<double>& k, const WeightView<Scalar>& weight,
                 Bias& bias) {
  ChannelArray<double> of_zero(k.size());
  for (Index c = 0; c < k.size(); ++c) of_zero[c] = std::fma(-k.centre[c], k.scale[c], k.shift[c]);
  ChannelArray<double> sums(bias.size());
  for (Index c = 0; c < bias.size(); ++c) sums[c] = static_cast<double>(bias[c]);
  weight.for_each([&](Scalar& value, Index output, Index input) {
    sums[output] = std::fma(static_cast<double>(value), of_zero[input], sums[output]);
    scale_by(k.scale[input], value);
  });
  for (Index c = 0; c < bias.size(); ++c) bias[c] = static_cast<Scalar>(sums[c]);
}

/// The weight and the bias of the map that is the layer and the map; see `Folded`.
template <template <typename, typename> typename Result, typename Axes, typename Norm,
          typename Weight, typename Bias>
auto fold_map(const Norm& norm, const Weight& weight, const Bias& bias, Index groups) {
  using Scalar = typename Norm::Scalar;
  if constexpr (!FoldChecks<Axes, Norm, Weight, Bias>::pass()) {
    return Result<Refused<Scalar>, Refused<Scalar>>();
  } else {
    const WeightReading reading = Axes::reading(ArgumentOf<Weight>::rank, groups);
    const Shape shape = ArgumentOf<Weight>::shape(weight);
    check_reading(reading, shape, norm.channels(), size_of(bias));

    const ChannelCoefficients<double> k = coefficients_of(norm);
    const Index outputs = channels_on(reading.outputs, reading, shape);
    Result<decltype(copy_of(weight)), decltype(copy_of_bias<Scalar>(bias, outputs))> folded{
        copy_of(weight), copy_of_bias<Scalar>(bias, outputs)};
    const WeightView<Scalar> values(folded.weight, reading);
    const bool was_finite = all_finite(values, folded.bias);
    if constexpr (Axes::place == LayerPlace::behind_map) {
      fold_outputs(k, values, folded.bias);
    } else {
      fold_inputs(k, values, folded.bias);
    }
    if (was_finite && !all_finite(values, folded.bias)) {
      refuse(
          reading.place == LayerPlace::behind_map ? "fold" : "fold_into_next",
          ": expected a map whose values are in the range of its scalar, but some are beyond it; "
          "is a running_variance next to 0? Fold in a wider scalar, and cast.");
    }
    return folded;
  }
}

}  // namespace batchnorm::detail
