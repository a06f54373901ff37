#pragma once

#include <tuple>

#include "detail/layer/constant_passes.hpp"
#include "layer.hpp"

namespace batchnorm {

/// The layer of inference: running statistics, prepared once as scale and shift. Everything is
/// const, nothing is kept between calls, and threads may share it. See BatchNorm in layer.hpp for
/// the forms of the calls.
template <typename ScalarType, typename... Policies>
class BatchNorm<ScalarType, Eval, Policies...>
    : public detail::ConstantPasses<ScalarType, Policies...> {
  using Base = detail::ConstantPasses<ScalarType, Policies...>;

 public:
  using typename Base::ConstVectorMap;
  using typename Base::Parameter;
  using typename Base::Scalar;
  using typename Base::Set;

  /// A layer with a given state, whose vectors must fit each other and the policies.
  explicit BatchNorm(const State<Parameter>& state, const Options& options = {})
      : Base(Stored(state, options), options) {}

  /// The same of a state whose vectors lie within it, or not. One of another scalar does not
  /// compile: a state is cast by name.
  template <typename OtherScalar, int Most>
  explicit BatchNorm(const State<OtherScalar, Most>& state, const Options& options = {})
      : Base(Stored(state, options), options) {}

  /// The same layer in another mode, or for values of another scalar with the same parameters
  /// (float and 16 bits), or of a number of channels that is known when compiling, or is not:
  /// parameters, running statistics, counts and options, all exactly.
  template <typename OtherScalar, typename Other, typename... Others>
  requires std::is_same_v<ArithmeticOf<OtherScalar>, ArithmeticOf<Scalar>>
  explicit BatchNorm(const BatchNorm<OtherScalar, Other, Others...>& other)
      : Base(Base::stored_in(other), other.options()) {
    static_assert(
        Set::template same_policies<typename BatchNorm<OtherScalar, Other, Others...>::Set>,
        "batchnorm: these layers differ in more than their mode: to change an axis, an "
        "affine map or an activation on purpose, make the layer from other.state().");
  }

  /// Does not compile: a conversion keeps every digit.
  template <typename OtherScalar, typename Other, typename... Others>
  explicit BatchNorm(const BatchNorm<OtherScalar, Other, Others...>& /*other*/)
      : Base(Stored(Index{1}), {}) {
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
      : Base(Stored(Index{1}), {}) {
    static_assert(detail::never<Other>,
                  "batchnorm: a layer of another type is made by BatchNorm<float, Eval> "
                  "eval(train), without an equals sign.");
  }

  /// Does not compile: the number of channels says nothing of the running statistics.
  template <typename... Nothing>
  requires(detail::names_channels<Policies...> &&
           sizeof...(Nothing) == 0) explicit BatchNorm(Nothing... /*nothing*/)
      : Base(Stored(Index{detail::GivenChannels<Policies...>::count}), {}) {
    static_assert(sizeof...(Nothing) > 0,
                  "batchnorm: an Eval layer needs running statistics: make it from a trained "
                  "layer or from a state, not from a channel count.");
  }

  /// Does not compile: a channel count says nothing of the running statistics.
  template <std::integral Count>
  explicit BatchNorm(Count channels, const Options& options = {})
      : Base(Stored(static_cast<Index>(channels)), options) {
    static_assert(detail::never<Count>,
                  "batchnorm: an Eval layer needs running statistics: make it from a trained "
                  "layer or from a state, not from a channel count.");
  }

  /// Normalises x with the running statistics; see BatchNorm in layer.hpp for the forms. An empty x
  /// gives an empty y.
  template <NotADevice X, typename... Rest>
  [[nodiscard]] decltype(auto) forward(const X& x, Rest&&... rest) const {
    return this->call_forward(detail::Executor{}, x, std::forward<Rest>(rest)...);
  }

  /// The same on a device, with the same bits.
  template <ExecutionDevice Device, typename X, typename... Rest>
  [[nodiscard]] decltype(auto) forward(const Device& device, const X& x, Rest&&... rest) const {
    return this->call_forward(detail::Executor(device), x, std::forward<Rest>(rest)...);
  }

  /// `prepared(x, y)` or `prepared(x, residual(r), y)`: what `forward` of these computes, checked
  /// now and computed by every call of the result, which checks, allocates and throws nothing; see
  /// `PreparedForward` in prepared.hpp. y gets the shape of x. The result needs the layer, and the
  /// memory of the arguments, as long as it is called.
  template <typename X, typename... Rest>
  [[nodiscard]] auto prepared(X&& x, Rest&&... rest) const& {
    return this->call_prepared(std::forward<X>(x), std::forward<Rest>(rest)...);
  }

  /// Does not compile: what is prepared needs its layer.
  template <typename X, typename... Rest>
  auto prepared(X&& /*x*/, Rest&&... /*rest*/) const&& {
    static_assert(detail::never<X>,
                  "batchnorm: what is prepared needs its layer: give the layer a name that lives "
                  "as long.");
    return detail::nothing_to_return();
  }

  /// The gradient of the loss with respect to x, and to the residual where there is one; parameters
  /// are constants. x is what forward saw, or with other values if the layer has no activation.
  template <NotADevice X, typename... Rest>
  [[nodiscard]] decltype(auto) backward(const X& x, Rest&&... rest) const {
    return this->call_backward(detail::Executor{}, x, std::forward<Rest>(rest)...);
  }

  /// The same on a device, with the same bits.
  template <ExecutionDevice Device, typename X, typename... Rest>
  [[nodiscard]] decltype(auto) backward(const Device& device, const X& x, Rest&&... rest) const {
    return this->call_backward(detail::Executor(device), x, std::forward<Rest>(rest)...);
  }

  /// Per channel, y = (x - centre) * scale + shift, for loops of your own: the running mean,
  /// rounded to the parameters' scalar. Valid until the layer is assigned to.
  ConstVectorMap centre() const { return map(coefficients().centre); }

  /// gamma / sqrt(running variance + epsilon); see `centre`.
  ConstVectorMap scale() const { return map(coefficients().scale); }

  /// beta, and what the rounding of `centre` left out; see `centre`.
  ConstVectorMap shift() const { return map(coefficients().shift); }

  /// Does not compile: gamma is a constant here.
  template <typename Misuse = void>
  ConstVectorMap gamma_gradient() const {
    static_assert(detail::never<Misuse>,
                  "batchnorm: an Eval layer has no gradients: train a Train or Frozen layer.");
    return ConstVectorMap(nullptr, 0);
  }

  /// Does not compile: beta is a constant here.
  template <typename Misuse = void>
  ConstVectorMap beta_gradient() const {
    static_assert(detail::never<Misuse>,
                  "batchnorm: an Eval layer has no gradients: train a Train or Frozen layer.");
    return ConstVectorMap(nullptr, 0);
  }

  /// Does not compile: there is no forward that has left something.
  template <typename... Arguments>
  void second_backward(const Arguments&... /*arguments*/) const {
    static_assert(detail::never<std::tuple<Arguments...>>,
                  "batchnorm: an Eval layer has no second_backward: make a Frozen layer, whose "
                  "statistics are constants too.");
  }

  /// Does not compile: the layer is constant.
  template <typename Misuse = void>
  void set_state(
      const State<Parameter, detail::ChannelsAmong<Policies...>::count>& /*state*/) const {
    static_assert(detail::never<Misuse>,
                  "batchnorm: an Eval layer is constant: make a new one from the state.");
  }

  /// Whether options and state are equal.
  bool operator==(const BatchNorm& other) const { return this->equals(other); }

 private:
  using Base::coefficients;
  using typename Base::Stored;

  ConstVectorMap map(const detail::ChannelArray<Parameter>& values) const {
    return ConstVectorMap(values.data(), values.size());
  }
};

}  // namespace batchnorm
