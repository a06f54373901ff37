#pragma once

#include "detail/arguments/affine_forms.hpp"
#include "detail/layer/affine_of.hpp"
#include "layer.hpp"

namespace batchnorm {

/// The layer of inference: running statistics, prepared once as scale and shift. Everything is
/// const, nothing is kept between calls, and threads may share it. See BatchNorm in layer.hpp for
/// the forms of the calls.
template <typename ScalarType, typename... Policies>
class BatchNorm<ScalarType, Eval, Policies...>
    : public detail::LayerBase<ScalarType, Eval, Policies...> {
  using Base = detail::LayerBase<ScalarType, Eval, Policies...>;

 public:
  using typename Base::ConstVectorMap;
  using typename Base::Scalar;
  using typename Base::Set;

  /// A layer with a given state, whose vectors must fit each other and the policies.
  explicit BatchNorm(const State<Scalar>& state, const Options& options = {})
      : Base(Stored(state, options), options) {
    prepare();
  }

  /// The same layer in another mode: parameters, running statistics, counts and options, all
  /// exactly.
  template <typename Other, typename... Others>
  explicit BatchNorm(const BatchNorm<Scalar, Other, Others...>& other)
      : Base(Base::stored_in(other), other.options()) {
    prepare();
    static_assert(Set::template same_policies<typename BatchNorm<Scalar, Other, Others...>::Set>,
                  "batchnorm: these layers differ in more than their mode: to change an axis, an "
                  "affine map or an activation on purpose, make the layer from other.state().");
  }

  /// Does not compile: a conversion keeps every digit.
  template <typename OtherScalar, typename Other, typename... Others>
  explicit BatchNorm(const BatchNorm<OtherScalar, Other, Others...>& /*other*/)
      : Base(Stored(Index{1}), {}) {
    static_assert(detail::never<OtherScalar>,
                  "batchnorm: these layers differ in their scalar: make the layer from a state, "
                  "into which the vectors of other.state() were cast.");
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
    return call_forward(detail::Executor{}, x, std::forward<Rest>(rest)...);
  }

  /// The same on a device, with the same bits.
  template <ExecutionDevice Device, typename X, typename... Rest>
  [[nodiscard]] decltype(auto) forward(const Device& device, const X& x, Rest&&... rest) const {
    return call_forward(detail::Executor(device), x, std::forward<Rest>(rest)...);
  }

  /// The gradient of the loss with respect to x, and to the residual where there is one; parameters
  /// are constants. x is what forward saw, or with other values if the layer has no activation.
  template <NotADevice X, typename... Rest>
  [[nodiscard]] decltype(auto) backward(const X& x, Rest&&... rest) const {
    return call_backward(detail::Executor{}, x, std::forward<Rest>(rest)...);
  }

  /// The same on a device, with the same bits.
  template <ExecutionDevice Device, typename X, typename... Rest>
  [[nodiscard]] decltype(auto) backward(const Device& device, const X& x, Rest&&... rest) const {
    return call_backward(detail::Executor(device), x, std::forward<Rest>(rest)...);
  }

  /// Per channel, y = (x - centre) * scale + shift, for loops of your own: the running mean,
  /// rounded to the scalar. Valid until the layer is assigned to.
  ConstVectorMap centre() const { return map(coefficients_.centre); }

  /// gamma / sqrt(running variance + epsilon); see `centre`.
  ConstVectorMap scale() const { return map(coefficients_.scale); }

  /// beta, and what the rounding of `centre` left out; see `centre`.
  ConstVectorMap shift() const { return map(coefficients_.shift); }

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

  /// Does not compile: the layer is constant.
  template <typename Misuse = void>
  void set_state(const State<Scalar>& /*state*/) const {
    static_assert(detail::never<Misuse>,
                  "batchnorm: an Eval layer is constant: make a new one from the state.");
  }

  /// Whether options and state are equal.
  bool operator==(const BatchNorm& other) const { return this->equals(other); }

 private:
  using typename Base::Activation;
  using typename Base::Stored;

  void prepare() {
    if constexpr (Stored::tracks) {
      const auto& state = this->state_;
      detail::prepare_from_running<Scalar>(state.running_mean.values, state.running_variance.values,
                                           state.gamma.data(), state.beta.data(),
                                           this->options_.epsilon, coefficients_);
    }
  }

  ConstVectorMap map(const detail::ChannelArray<Scalar>& values) const {
    return ConstVectorMap(values.data(), values.size());
  }

  template <std::size_t N>
  detail::CallPart whole_call(const std::array<View<const Scalar>, N>& from,
                              std::size_t outputs) const {
    return detail::all_channels(from[0], N + outputs, this->options_);
  }

  auto forward_on(const detail::Executor& executor) const {
    return [this, executor](const auto& x, const auto& r, auto& y) {
      this->check_input(x);
      const auto from = this->inputs(x, r);
      const auto to = this->output("y", x, y, from);
      using Call = detail::calls::Normalize<Scalar, Activation, from.size() == 2>;
      detail::run_kernel<Call>(executor, coefficients_, whole_call(from, 1), from, to);
    };
  }

  /// With gamma and beta from outside.
  template <typename G, typename B>
  auto forward_on(const detail::Executor& executor, const GivenAffine<G, B>& affine) const {
    return [this, executor, affine](const auto& x, const auto& r, auto& y) {
      this->check_input(x);
      const auto from = this->inputs(x, r);
      const auto [values, samples] =
          detail::affine_values<Set, Scalar>(x, affine, this->channels(), this->options_);
      detail::check_apart_from_affine("y", y, affine);
      const auto to = this->output("y", x, y, from);
      detail::Workspace<Scalar> work;
      detail::normalize_samples<Activation>(executor, this->options_, samples, coefficients_,
                                            values, from, to, work);
    };
  }

  template <typename G, typename B, typename Dg, typename Db>
  auto backward_on(const detail::Executor& executor, const GivenAffine<G, B>& affine, Dg& dgamma,
                   Db& dbeta) const {
    return [this, executor, affine, &dgamma, &dbeta](const auto& x, const auto& r, const auto& dy,
                                                     GradientUpdate /*none*/, auto&... out) {
      this->check_input(x);
      const auto from = this->gradient_inputs(x, r, dy);
      const auto [values, samples] =
          detail::affine_values<Set, Scalar>(x, affine, this->channels(), this->options_);
      detail::check_affine_outputs(affine, dgamma, dbeta, out...);
      const auto to = this->gradient_outputs(x, from, out...);
      const auto gradients = detail::affine_gradients<Scalar>(affine, dgamma, dbeta);
      if (from[0].count() == 0) return;
      detail::Workspace<Scalar> work;
      detail::backward_of_samples<Activation>(executor, this->options_, samples, coefficients_, 0.0,
                                              values, from, to, gradients, work);
    };
  }

  auto backward_on(const detail::Executor& executor) const {
    return [this, executor](const auto& x, const auto& r, const auto& dy, GradientUpdate /*none*/,
                            auto&... out) {
      this->check_input(x);
      const auto from = this->gradient_inputs(x, r, dy);
      const auto to = this->gradient_outputs(x, from, out...);
      using Call = detail::calls::AffineGradient<Scalar, Activation, from.size() == 3>;
      detail::run_kernel<Call>(executor, coefficients_, whole_call(from, to.size()), from, to);
    };
  }

  template <typename X, typename... Rest>
  decltype(auto) call_forward(const detail::Executor& executor, const X& x, Rest&&... rest) const {
    using Forms = detail::ForwardForms<Set, Scalar>;
    if constexpr (detail::marks_among<detail::AnyAffine, Rest...> == 0) {
      return Forms::call(forward_on(executor), x, std::forward<Rest>(rest)...);
    } else if constexpr (detail::takes_affine<Set, Scalar, X, Rest...>()) {
      const auto call = [&](const auto& affine, auto&&... others) -> decltype(auto) {
        return Forms::call(forward_on(executor, affine), x,
                           std::forward<decltype(others)>(others)...);
      };
      return detail::with_mark<detail::AnyAffine>(call, std::forward<Rest>(rest)...);
    } else {
      return detail::Refused<Scalar>();
    }
  }

  template <typename X, typename... Rest>
  decltype(auto) call_backward(const detail::Executor& executor, const X& x, Rest&&... rest) const {
    if constexpr (detail::updates_among < Rest... >> 0) {
      static_assert(detail::never<X>,
                    "batchnorm: an Eval layer has no gradients of parameters to accumulate.");
      return detail::Refused<Scalar>();
    } else if constexpr (detail::marks_among<detail::AnyAffine, Rest...> == 0) {
      return detail::BackwardForms<Set, Scalar>::call(backward_on(executor), x,
                                                      std::forward<Rest>(rest)...);
    } else if constexpr (detail::takes_affine<Set, Scalar, X, Rest...>()) {
      const auto call = [&](const auto& affine, auto&&... others) -> decltype(auto) {
        const auto make = [&](auto& dgamma, auto& dbeta) {
          return backward_on(executor, affine, dgamma, dbeta);
        };
        return detail::AffineBackwardForms<Set, Scalar>::call(
            make, x, affine, std::forward<decltype(others)>(others)...);
      };
      return detail::with_mark<detail::AnyAffine>(call, std::forward<Rest>(rest)...);
    } else {
      return detail::Refused<Scalar>();
    }
  }

  detail::ChannelCoefficients<Scalar> coefficients_;
};

}  // namespace batchnorm
