#pragma once

#include "../../state.hpp"
#include "../arguments/policy_set.hpp"
#include "weight_reading.hpp"

// Misuse of folding that the compiler can see: one sentence each, at most one per call.
namespace batchnorm {

template <typename Scalar, typename Mode, typename... Policies>
class BatchNorm;

namespace detail {

/// Whether the layer is one affine map per channel.
template <LayerPlace Place, typename Mode, typename Set>
consteval bool check_foldable() {
  if constexpr (!std::is_same_v<Mode, Eval>) {
    static_assert(never<Mode>,
                  "batchnorm: fold takes the running statistics as constants: make a "
                  "BatchNorm<Scalar, Eval> from the trained layer first.");
  } else if constexpr (std::is_same_v<typename Set::Activation, NoActivation>) {
    return true;
  } else if constexpr (Place == LayerPlace::behind_map) {
    static_assert(never<Mode>,
                  "batchnorm: fold gives a linear map, which would lose the layer's activation: "
                  "fold BatchNorm<Scalar, Eval>(norm.state(), norm.options()), and apply the "
                  "activation after the map.");
  } else {
    static_assert(never<Mode>,
                  "batchnorm: the layer's activation stands between the layer and the next map, so "
                  "that they are no linear map together: fold the layer into the map before it, "
                  "and keep the activation.");
  }
  return false;
}

/// Whether `Bias` is a vector of `Scalar`.
template <typename Scalar, typename Bias>
consteval bool check_bias() {
  if constexpr (!MatrixLike<Bias>) {
    static_assert(never<Bias>,
                  "batchnorm: fold takes the bias as an Eigen vector: map a tensor's values, "
                  "Eigen::Map<const Eigen::VectorXf>(bias.data(), bias.size()).");
  } else if constexpr (!bool{Bias::IsVectorAtCompileTime}) {
    static_assert(never<Bias>,
                  "batchnorm: fold takes the bias as an Eigen vector, one value per output: pass "
                  "a row or a column of a matrix.");
  } else if constexpr (!std::is_same_v<typename Bias::Scalar, Scalar>) {
    static_assert(never<Bias>,
                  "batchnorm: the scalar of the bias is not the layer's: convert it first with "
                  "cast<float>() or cast<double>().");
  } else {
    return true;
  }
  return false;
}

/// What stands in the place of the bias of a map that has none.
struct NoBias {};

template <typename Scalar, typename Bias>
consteval bool check_bias_if_any() {
  if constexpr (std::is_same_v<Bias, NoBias>) {
    return true;
  } else {
    return check_bias<Scalar, Bias>();
  }
}

/// What `axis` answers for a rank in which it has no answer.
inline constexpr int no_axis = -1;

/// Axes of a weight as the user named them. `Whole` has the channels of all groups.
template <LayerPlace PlaceOfLayer, AxisPolicy Outputs, AxisPolicy Inputs, AxisPolicy Whole>
struct NamedAxes {
  static constexpr LayerPlace place = PlaceOfLayer;

  static constexpr WeightReading reading(int rank, Index groups) {
    return {place, Outputs::axis(rank), Inputs::axis(rank), Whole::axis(rank), groups};
  }
};

/// Stands for the axis of the inputs where no result depends on it.
template <AxisPolicy Outputs>
struct AnyOther {
  static constexpr int axis(int rank) { return Outputs::axis(rank) == 0 ? 1 : 0; }
};

template <typename Outputs>
using AxesBehind = NamedAxes<LayerPlace::behind_map, Outputs, AnyOther<Outputs>, Outputs>;
template <typename Outputs, typename Whole>
using GroupedAxesBehind = NamedAxes<LayerPlace::behind_map, Outputs, Whole, Whole>;
template <typename Outputs, typename Inputs, typename Whole>
using AxesInFront = NamedAxes<LayerPlace::in_front_of_map, Outputs, Inputs, Whole>;

/// Whether a weight of this rank has such axes.
template <typename Axes, int Rank>
consteval bool check_axes() {
  constexpr WeightReading reading = Axes::reading(Rank, 1);
  constexpr bool behind = Axes::place == LayerPlace::behind_map;
  constexpr auto is_axis = [](int axis) { return axis >= 0 && axis < Rank; };
  if constexpr (reading.inputs == no_axis) {
    static_assert(never<Axes>,
                  "batchnorm: fold_into_next knows the inputs' axis beside outputs on axis 0 "
                  "(PyTorch) or on the last (Keras): else name both, fold_into_next<Outputs, "
                  "Inputs>; into a transposed convolution no layer can be folded from in front.");
  } else if constexpr (!is_axis(reading.outputs) || !is_axis(reading.inputs) ||
                       !is_axis(reading.whole)) {
    static_assert(never<Axes>,
                  "batchnorm: an axis that fold was given is beyond the weight's rank.");
  } else if constexpr (behind && reading.inputs == reading.outputs) {
    static_assert(never<Axes>,
                  "batchnorm: groups<Axis> of fold names the axis of the inputs, and this is that "
                  "of the outputs: where one axis has the outputs of all groups, fold without "
                  "groups.");
  } else if constexpr (reading.inputs == reading.outputs) {
    static_assert(never<Axes>,
                  "batchnorm: the inputs and the outputs of a weight are on two different axes.");
  } else if constexpr (reading.whole != reading.outputs && reading.whole != reading.inputs) {
    static_assert(never<Axes>,
                  "batchnorm: groups<Axis> of fold_into_next names the axis that has the channels "
                  "of all groups: that of the outputs, or of the inputs of a depthwise kernel.");
  } else {
    return true;
  }
  return false;
}

template <typename Axes, typename Norm, typename Weight, typename Bias>
struct FoldChecks;

template <typename Axes, typename Scalar, typename Mode, typename... Policies, typename Weight,
          typename Bias>
struct FoldChecks<Axes, BatchNorm<Scalar, Mode, Policies...>, Weight, Bias> {
  using Set = PolicySet<Scalar, Mode, Policies...>;
  using AnySet = PolicySet<Scalar, Eval, ChannelAxis<0>>;

  static consteval bool pass() {
    if constexpr (check_foldable<Axes::place, Mode, Set>()) {
      if constexpr (check_readable<AnySet, Scalar, Weight>()) {
        if constexpr (check_axes<Axes, ArgumentOf<Weight>::rank>())
          return check_bias_if_any<Scalar, Bias>();
      }
    }
    return false;
  }
};

}  // namespace detail
}  // namespace batchnorm
