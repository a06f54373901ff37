#pragma once

#include "eval.hpp"

namespace batchnorm {

/// What `fold` makes: a linear map or convolution with the layer behind it taken in.
template <typename Weight, typename Bias>
struct Folded {
  Weight weight;  ///< of the given weight's kind and shape
  Bias bias;      ///< one value per output
};

namespace detail {

/// Whether the layer is one affine map per channel.
template <typename Mode, typename Set>
consteval bool check_foldable() {
  if constexpr (!std::is_same_v<Mode, Eval>) {
    static_assert(never<Mode>,
                  "batchnorm: fold takes the running statistics as constants: make a "
                  "BatchNorm<Scalar, Eval> from the trained layer first.");
  } else if constexpr (!std::is_same_v<typename Set::Activation, NoActivation>) {
    static_assert(never<Mode>,
                  "batchnorm: fold gives a linear map, which would lose the layer's activation: "
                  "fold BatchNorm<Scalar, Eval>(norm.state(), norm.options()), and apply the "
                  "activation after the map.");
  } else {
    return true;
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

/// What the user probably meant, given where an extent equal to the layer's channels stands.
inline const char* weight_cure(const Shape& shape, Index channels) {
  const auto has = [&](int at) { return shape.extents[static_cast<std::size_t>(at)] == channels; };
  if (has(shape.rank - 1)) return "; are the outputs on the last axis, fold<ChannelsLast>?";
  if (has(1)) return "; are the outputs on axis 1, fold<ChannelAxis<1>>?";
  if (has(0)) return "; are the outputs on axis 0, fold<ChannelAxis<0>>?";
  return "; is this layer the one behind that map?";
}

inline void check_weight(const Shape& shape, Index channels, int axis) {
  if (shape.extents[static_cast<std::size_t>(axis)] != channels) {
    refuse("fold: expected ", channels, " outputs on axis ", axis, " of weight, got ", shape,
           weight_cure(shape, channels));
  }
}

inline void check_bias_size(Index size, Index channels) {
  if (size != channels) {
    refuse("fold: expected a bias of ", channels, " values, got ", size,
           "; a map without a bias is folded without one: fold(norm, weight).");
  }
}

/// The layer in double: y = (x - centre) * scale + shift.
template <typename Norm>
ChannelCoefficients<double> coefficients_of(const Norm& norm) {
  const auto state = norm.state();
  const ChannelArray<double> gamma = state.gamma.template cast<double>();
  const ChannelArray<double> beta = state.beta.template cast<double>();
  ChannelCoefficients<double> k;
  prepare_coefficients(state.running_mean, state.running_variance,
                       gamma.size() == 0 ? nullptr : gamma.data(),
                       beta.size() == 0 ? nullptr : beta.data(), norm.options().epsilon, k);
  return k;
}

/// to = from * scale, per channel, rounded once.
template <typename Scalar>
void scale_channels(const View<const Scalar>& from, const ChannelArray<double>& scale,
                    const View<Scalar>& to) {
  for (Index o = 0; o < from.outer; ++o) {
    for (Index c = 0; c < from.channels; ++c) {
      for (Index i = 0; i < from.inner; ++i) {
        to(o, c, i) = static_cast<Scalar>(static_cast<double>(from(o, c, i)) * scale[c]);
      }
    }
  }
}

template <typename Axis, typename Norm, typename Weight, typename Bias>
auto fold_into(const Norm& norm, const Weight& weight, const Bias& bias) {
  using Scalar = typename Norm::Scalar;
  constexpr int axis = Axis::axis(ArgumentOf<Weight>::rank);
  check_weight(ArgumentOf<Weight>::shape(weight), norm.channels(), axis);
  check_bias_size(bias.size(), norm.channels());

  const ChannelCoefficients<double> k = coefficients_of(norm);
  Folded<typename ArgumentOf<Weight>::Owning, typename Bias::PlainObject> folded{
      make_result(weight), bias};
  scale_channels<Scalar>(read_view(weight, axis), k.scale, write_view(folded.weight, axis));
  for (Index c = 0; c < norm.channels(); ++c) {
    folded.bias[c] = static_cast<Scalar>(
        (static_cast<double>(folded.bias[c]) - k.centre[c]) * k.scale[c] + k.shift[c]);
  }
  return folded;
}

}  // namespace detail

/// Folds a layer into the linear map or convolution before it, so that inference does without the
/// layer: with s = gamma / sqrt(running_variance + epsilon),
///
///     weight' = weight * s,  bias' = (bias - running_mean) * s + beta,
///
/// and `weight' x + bias'` is the layer's `forward(weight x + bias)`. Computed in double, rounded
/// once.
///
/// `Axis` says where the outputs of the weight are, which are the channels of the layer:
/// `ChannelAxis<0>`, the default, for (outputs, inputs) and (outputs, inputs, height, width), as in
/// PyTorch; `ChannelsLast` for (inputs, outputs) and (height, width, inputs, outputs), as in Keras.
/// A square weight says nothing of its axis, and can't be checked. `weight` has rank 2 to 5 and
/// storage; `bias` is an Eigen vector with one value per output.
///
/// Weight' x and bias' are both large where the running mean is large against the deviation: their
/// roundings are of |weight'| |x| + |bias'|, where the layer's own are of y.
///
/// Errors: `std::invalid_argument` for a weight or bias that does not have the layer's channels.
template <AxisPolicy Axis = ChannelAxis<0>, typename Scalar, typename Mode, typename... Policies,
          typename Weight, typename Bias>
auto fold(const BatchNorm<Scalar, Mode, Policies...>& norm, const Weight& weight,
          const Bias& bias) {
  using Set = detail::PolicySet<Scalar, Mode, Policies...>;
  using WeightSet = detail::PolicySet<Scalar, Eval, Axis>;
  if constexpr (!detail::check_foldable<Mode, Set>()) {
    return Folded<detail::Refused<Scalar>, detail::Refused<Scalar>>();
  } else if constexpr (!detail::check_readable<WeightSet, Scalar, Weight>()) {
    return Folded<detail::Refused<Scalar>, detail::Refused<Scalar>>();
  } else if constexpr (!detail::check_bias<Scalar, Bias>()) {
    return Folded<detail::Refused<Scalar>, detail::Refused<Scalar>>();
  } else {
    return detail::fold_into<Axis>(norm, weight, bias);
  }
}

/// The same for a map without a bias; the folded one has one.
template <AxisPolicy Axis = ChannelAxis<0>, typename Scalar, typename Mode, typename... Policies,
          typename Weight>
auto fold(const BatchNorm<Scalar, Mode, Policies...>& norm, const Weight& weight) {
  const typename State<Scalar>::Vector none = State<Scalar>::Vector::Zero(norm.channels());
  return fold<Axis>(norm, weight, none);
}

}  // namespace batchnorm
