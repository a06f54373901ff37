#pragma once

#include "detail/layer/learning_layer.hpp"

namespace batchnorm {

/// Batch normalization (Ioffe and Szegedy 2015, arXiv 1502.03167) over the channels of a matrix or
/// tensor: y = activation(gamma * (x - mean) / sqrt(variance + epsilon) + beta [+ residual]).
///
/// `Scalar` is float, double, Eigen::bfloat16 or Eigen::half, which is computed with in float (see
/// scalar.hpp); `Mode` says which statistics normalise and what may change (see
/// mode.hpp); `Policies`, in any order and each kind at most once, are an axis, an affine map,
/// running statistics or none, an activation, a rank and a number of channels (see policies.hpp):
/// `BatchNorm<float, Eval, ChannelsLast, ReLU>`.
///
/// Calls, for every mode, each also with an Eigen device as first argument:
///
///     y = forward(x)                          dx = backward(x, dy)
///     forward(x, y)                           backward(x, dy, dx)
///     y = forward(x, residual(r))             {dx, dresidual} = backward(x, residual(r), dy)
///     forward(x, residual(r), y)              backward(x, residual(r), dy, dx, dresidual)
///
/// where every backward of a learning layer takes `accumulate` or `inputs_only` as a last argument.
/// In Train, `sample_weights(w)` may stand behind x, in both calls (sample_weights.hpp); with
/// NoAffine, `affine(gamma, beta)`, whose gradients backward returns too (affine.hpp).
/// `second_backward(x, dy, v)` is the gradient of what backward gave.
/// In front of x may stand a device, a `Group` and a `Saved`, in this order, each of them or none.
/// The phases of a step in Train, with m of type `Moments` and g of type `GradientSums`, which
/// stand behind x and may be merged with those of other parts:
///
///     m = moments(x), moments(x, m)           g = gradient_sums(x, dy), gradient_sums(x, dy, g)
///     y = forward(x, m)                       dx = backward(x, dy, g)
///     observe(m)                              learn(g), learn(saved, g)
///
/// All arguments
/// have x's shape, (N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W) with the channels where the
/// axis policy says, and storage: a named Matrix, Array, Map, Ref, Block, Transpose, Tensor,
/// TensorMap or TensorFixedSize. An output that owns its values is resized. y may be x; dx may be x
/// or dy; partial overlap is refused.
///
/// Errors: `std::invalid_argument` for shapes, memory or values that do not fit; the layer is as it
/// was before the call.
///
/// A layer is a value: copy, move and compare it. One that was moved from has no channels: assign
/// to it, or destroy it. This is the layer of the modes Train and Frozen; Eval is in eval.hpp.
template <typename Scalar, typename Mode = Train, typename... Policies>
class BatchNorm : public detail::LearningLayer<Scalar, Mode, Policies...> {
  using Base = detail::LearningLayer<Scalar, Mode, Policies...>;

 public:
  /// A new layer: gamma 1, beta 0, running mean 0, running variance 1. `channels` is at least 1.
  /// Mode Train only.
  explicit BatchNorm(Index channels, const Options& options = {})
      : Base(typename Base::Stored(channels), options) {
    static_assert(!std::is_same_v<Mode, Frozen>,
                  "batchnorm: a Frozen layer needs running statistics: make it from a trained "
                  "layer or from a state, not from a channel count.");
  }

  /// The same of `Channels<N>`, which says how many.
  explicit BatchNorm(const Options& options = {}) requires(detail::names_channels<Policies...>)
      : BatchNorm(Index{detail::GivenChannels<Policies...>::count}, options) {}

  /// Does not compile: a number of channels is an integer.
  template <std::floating_point Number>
  explicit BatchNorm(Number channels, const Options& options = {})
      : BatchNorm(static_cast<Index>(channels), options) {
    static_assert(detail::never<Number>, "batchnorm: a number of channels is an integer.");
  }

  /// Does not compile: what follows a number of channels is named.
  template <std::floating_point Number, typename... Numbers>
  BatchNorm(Index channels, Number /*epsilon*/, Numbers... /*momentum*/) : BatchNorm(channels) {
    static_assert(detail::never<Number>,
                  "batchnorm: options are named: {.epsilon = 1e-3, .momentum = new_weight(0.1)}.");
  }

  /// A layer with a given state, whose vectors must fit each other and the policies.
  explicit BatchNorm(const State<typename Base::Parameter>& state, const Options& options = {})
      : Base(typename Base::Stored(state, options), options) {}

  /// The same of a state whose vectors lie within it, or not. One of another scalar does not
  /// compile: a state is cast by name.
  template <typename OtherScalar, int Most>
  explicit BatchNorm(const State<OtherScalar, Most>& state, const Options& options = {})
      : Base(typename Base::Stored(state, options), options) {}

  /// The same layer in another mode, or for values of another scalar with the same parameters
  /// (float and 16 bits), or of a number of channels that is known when compiling, or is not:
  /// parameters, running statistics, counts and options, all exactly.
  template <typename OtherScalar, typename Other, typename... Others>
  requires std::is_same_v<ArithmeticOf<OtherScalar>, ArithmeticOf<Scalar>>
  explicit BatchNorm(const BatchNorm<OtherScalar, Other, Others...>& other)
      : Base(Base::stored_in(other), other.options()) {
    static_assert(
        Base::Set::template same_policies<typename BatchNorm<OtherScalar, Other, Others...>::Set>,
        "batchnorm: these layers differ in more than their mode: to change an axis, an affine "
        "map or an activation on purpose, make the layer from other.state().");
  }

  /// Does not compile: a conversion keeps every digit.
  template <typename OtherScalar, typename Other, typename... Others>
  explicit BatchNorm(const BatchNorm<OtherScalar, Other, Others...>& /*other*/)
      : Base(typename Base::Stored(Index{1}), {}) {
    static_assert(
        detail::never<OtherScalar>,
        "batchnorm: these layers differ in their parameters' scalar: make the layer from a "
        "state, into which the vectors of other.state() were cast.");
  }

  /// Does not compile: what differs in its type is another layer.
  template <typename OtherScalar, typename Other, typename... Others>
  requires(!std::is_same_v<BatchNorm<OtherScalar, Other, Others...>, BatchNorm>) bool operator==(
      const BatchNorm<OtherScalar, Other, Others...>& /*other*/) const {
    static_assert(detail::never<Other>,
                  "batchnorm: these layers are of different types: make a layer of the one's type "
                  "from the other, and compare that.");
    return false;
  }

  /// Whether options and state are equal.
  bool operator==(const BatchNorm& other) const { return this->equals(other); }

  /// Does not compile: a layer of another mode is made, not assigned.
  template <typename OtherScalar, typename Other, typename... Others>
  BatchNorm& operator=(const BatchNorm<OtherScalar, Other, Others...>& /*other*/) {
    static_assert(detail::never<Other>,
                  "batchnorm: these layers are of different types: make a new layer from the "
                  "other, as in BatchNorm<float, Eval> eval(train), or give its state to "
                  "set_state.");
    return *this;
  }

  /// Does not compile: a layer of another mode is made by name, in parentheses or braces.
  template <typename OtherScalar, typename Other, typename... Others, typename... Nothing>
  BatchNorm(const BatchNorm<OtherScalar, Other, Others...>& /*other*/,  // NOLINT
            Nothing... /*nothing*/)
      : Base(typename Base::Stored(Index{1}), {}) {
    static_assert(detail::never<Other>,
                  "batchnorm: a layer of another type is made by BatchNorm<float, Eval> "
                  "eval(train), without an equals sign.");
  }
};

/// For (N, C) and (N, C, L), the rank checked when compiling.
template <typename Scalar, typename Mode = Train, typename... Policies>
using BatchNorm1d = BatchNorm<Scalar, Mode, Rank<2, 3>, Policies...>;

/// For (N, C, H, W), the rank checked when compiling.
template <typename Scalar, typename Mode = Train, typename... Policies>
using BatchNorm2d = BatchNorm<Scalar, Mode, Rank<4>, Policies...>;

/// For (N, C, D, H, W), the rank checked when compiling.
template <typename Scalar, typename Mode = Train, typename... Policies>
using BatchNorm3d = BatchNorm<Scalar, Mode, Rank<5>, Policies...>;

}  // namespace batchnorm
