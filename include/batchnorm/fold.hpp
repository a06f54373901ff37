#pragma once

#include <concepts>

#include "detail/fold/fold.hpp"
#include "eval.hpp"

namespace batchnorm {

/// What folding makes: a linear map or convolution that does what the map and the layer did.
template <typename Weight, typename Bias>
struct Folded {
  Weight weight;  ///< of the given weight's kind and shape
  Bias bias;      ///< one value per output
};

/// The groups of a grouped convolution, see `groups`.
template <AxisPolicy Axis>
struct Groups {
  Index count = 1;  ///< at least 1; it divides the extent of the weight on `Axis`
};

/// The mark of a weight in groups. `Axis` is the axis that has the channels of all groups, group
/// after group; the other one of the inputs' and the outputs' axis has the channels of one group.
/// In PyTorch it is `ChannelAxis<0>`, in Keras `ChannelsLast`; in a depthwise kernel of Keras
/// (height, width, channels, multiplier) it is `ChannelAxis<2>`, and every channel is a group.
template <AxisPolicy Axis, typename Count>
[[nodiscard]] constexpr Groups<Axis> groups(Count count) {
  static_assert(std::integral<Count>, "batchnorm: a number of groups is an integer.");
  return {static_cast<Index>(count)};
}

/// The usual axis of the inputs in a weight with its outputs on axis `Outputs`: axis 1 if they are
/// on axis 0, as in PyTorch; the one before the last if they are on the last, as in Keras.
template <AxisPolicy Outputs>
struct BesideOutputs {
  /// That axis; -1 if the outputs are elsewhere.
  static constexpr int axis(int rank) {
    const int outputs = Outputs::axis(rank);
    if (outputs == rank - 1) return rank - 2;
    return outputs == 0 ? 1 : detail::no_axis;
  }
};

/// Folds a layer into the linear map or convolution before it, so that inference does without the
/// layer: with s = gamma / sqrt(running_variance + epsilon),
///
///     weight' = weight * s,  bias' = (bias - running_mean) * s + beta,
///
/// and `weight' x + bias'` is the layer's `forward(weight x + bias)`. Computed in double, rounded
/// once, to 16 bits by way of float.
///
/// `Outputs` says on which axis of the weight the outputs are, which are the channels of the layer:
/// `ChannelAxis<0>`, the default, for (outputs, inputs) and (outputs, inputs, height, width), as in
/// PyTorch; `ChannelsLast` for (inputs, outputs) and (height, width, inputs, outputs), as in Keras.
/// A square weight says nothing of its axes, and can't be checked. `weight` has rank 2 to 5 and
/// storage; `bias` is an Eigen vector with one value per output. A grouped convolution whose
/// outputs are all on one axis needs nothing else.
///
/// Weight' x and bias' are both large where the running mean is large against the deviation: their
/// roundings are of |weight'| |x| + |bias'|, where the layer's own are of y.
///
/// Errors: `std::invalid_argument` for a weight or bias that does not have the layer's channels.
template <AxisPolicy Outputs = ChannelAxis<0>, typename Scalar, typename Mode, typename... Policies,
          typename Weight, typename Bias>
[[nodiscard]] auto fold(const BatchNorm<Scalar, Mode, Policies...>& norm, const Weight& weight,
                        const Bias& bias) {
  return detail::fold_map<Folded, detail::AxesBehind<Outputs>>(norm, weight, bias, 1);
}

/// The same for a map without a bias; the folded one has one.
template <AxisPolicy Outputs = ChannelAxis<0>, typename Scalar, typename Mode, typename... Policies,
          typename Weight>
[[nodiscard]] auto fold(const BatchNorm<Scalar, Mode, Policies...>& norm, const Weight& weight) {
  return detail::fold_map<Folded, detail::AxesBehind<Outputs>>(norm, weight, detail::NoBias(), 1);
}

/// The same for a weight with all inputs on axis `Inputs`, and the outputs of one group on axis
/// `Outputs`: input i of I, in group g = i / (I / groups), and output q of Q there make output
/// g * Q + q. This is the grouped transposed convolution of PyTorch, (inputs, outputs / groups,
/// height, width),
///
///     fold<ChannelAxis<1>>(norm, weight, bias, groups<ChannelAxis<0>>(2))
///
/// and the depthwise convolution of Keras, (height, width, inputs, multiplier):
///
///     fold<ChannelsLast>(norm, kernel, bias, groups<ChannelAxis<2>>(inputs))
///
/// Errors, too: a number of groups that does not divide the inputs.
template <AxisPolicy Outputs = ChannelAxis<0>, typename Scalar, typename Mode, typename... Policies,
          typename Weight, typename Bias, typename Inputs>
[[nodiscard]] auto fold(const BatchNorm<Scalar, Mode, Policies...>& norm, const Weight& weight,
                        const Bias& bias, const Groups<Inputs>& groups) {
  return detail::fold_map<Folded, detail::GroupedAxesBehind<Outputs, Inputs>>(norm, weight, bias,
                                                                              groups.count);
}

/// The same without a bias.
template <AxisPolicy Outputs = ChannelAxis<0>, typename Scalar, typename Mode, typename... Policies,
          typename Weight, typename Inputs>
[[nodiscard]] auto fold(const BatchNorm<Scalar, Mode, Policies...>& norm, const Weight& weight,
                        const Groups<Inputs>& groups) {
  return detail::fold_map<Folded, detail::GroupedAxesBehind<Outputs, Inputs>>(
      norm, weight, detail::NoBias(), groups.count);
}

/// Folds a layer into the linear map or convolution behind it, whose inputs are the channels of the
/// layer: with s as in `fold` and t = beta - running_mean * s,
///
///     weight' = weight * s per input,  bias' = bias + sum of weight * t over inputs and positions,
///
/// and `weight' x + bias'` is `weight forward(x) + bias`. Computed in double, rounded once.
///
/// `Outputs` and `Inputs` say on which axes of the weight the outputs and the inputs are: by
/// default on axes 0 and 1, as in PyTorch; `fold_into_next<ChannelsLast>` is for Keras, with the
/// inputs on the axis before the last.
///
/// The convolution has no zero padding; stride and dilation are free. A padded 0 stands for an
/// output of the layer, and in the folded map for an input of it, which would give t. So pad x with
/// what the layer maps to 0, running_mean - beta / s per channel, and not with 0, or do not fold.
/// Padding that repeats values of x needs nothing.
///
/// A layer in front of a transposed convolution can't be folded at all: the number of kernel
/// positions that meet in an output differs between the outputs, so that no one bias is right.
///
/// Errors: `std::invalid_argument` for a weight that does not have the layer's channels as inputs,
/// and for a bias that does not have the weight's outputs.
template <AxisPolicy Outputs = ChannelAxis<0>, AxisPolicy Inputs = BesideOutputs<Outputs>,
          typename Scalar, typename Mode, typename... Policies, typename Weight, typename Bias>
[[nodiscard]] auto fold_into_next(const BatchNorm<Scalar, Mode, Policies...>& norm,
                                  const Weight& weight, const Bias& bias) {
  return detail::fold_map<Folded, detail::AxesInFront<Outputs, Inputs, Outputs>>(norm, weight, bias,
                                                                                 1);
}

/// The same for a map without a bias; the folded one has one.
template <AxisPolicy Outputs = ChannelAxis<0>, AxisPolicy Inputs = BesideOutputs<Outputs>,
          typename Scalar, typename Mode, typename... Policies, typename Weight>
[[nodiscard]] auto fold_into_next(const BatchNorm<Scalar, Mode, Policies...>& norm,
                                  const Weight& weight) {
  return detail::fold_map<Folded, detail::AxesInFront<Outputs, Inputs, Outputs>>(
      norm, weight, detail::NoBias(), 1);
}

/// The same for a grouped convolution, (outputs, inputs / groups, height, width) in PyTorch,
/// (height, width, inputs / groups, outputs) in Keras,
///
///     fold_into_next(norm, weight, bias, groups<ChannelAxis<0>>(2))
///     fold_into_next<ChannelsLast>(norm, kernel, bias, groups<ChannelsLast>(2))
///
/// and for the depthwise convolution of Keras, (height, width, inputs, multiplier):
///
///     fold_into_next<ChannelsLast>(norm, kernel, bias, groups<ChannelAxis<2>>(inputs))
///
/// Errors, too: a number of groups that does not divide the channels on axis `Whole`.
template <AxisPolicy Outputs = ChannelAxis<0>, AxisPolicy Inputs = BesideOutputs<Outputs>,
          typename Scalar, typename Mode, typename... Policies, typename Weight, typename Bias,
          typename Whole>
[[nodiscard]] auto fold_into_next(const BatchNorm<Scalar, Mode, Policies...>& norm,
                                  const Weight& weight, const Bias& bias,
                                  const Groups<Whole>& groups) {
  return detail::fold_map<Folded, detail::AxesInFront<Outputs, Inputs, Whole>>(norm, weight, bias,
                                                                               groups.count);
}

/// The same without a bias.
template <AxisPolicy Outputs = ChannelAxis<0>, AxisPolicy Inputs = BesideOutputs<Outputs>,
          typename Scalar, typename Mode, typename... Policies, typename Weight, typename Whole>
[[nodiscard]] auto fold_into_next(const BatchNorm<Scalar, Mode, Policies...>& norm,
                                  const Weight& weight, const Groups<Whole>& groups) {
  return detail::fold_map<Folded, detail::AxesInFront<Outputs, Inputs, Whole>>(
      norm, weight, detail::NoBias(), groups.count);
}

}  // namespace batchnorm
