#pragma once

#include <optional>
#include <utility>

#include "../../prepared.hpp"
#include "../arguments/affine_forms.hpp"
#include "../arguments/lifetimes.hpp"
#include "affine_of.hpp"
#include "layer.hpp"
#include "room.hpp"

namespace batchnorm::detail {

/// Forward and backward of the mode Eval, by coefficients that are prepared once.
template <typename ScalarType, typename... Policies>
class ConstantPasses : public LayerBase<ScalarType, Eval, Policies...> {
  using Base = LayerBase<ScalarType, Eval, Policies...>;

 public:
  using typename Base::Parameter;
  using typename Base::Scalar;
  using typename Base::Set;

 protected:
  using typename Base::Activation;
  using typename Base::Stored;

  ConstantPasses(Stored state, const Options& options) : Base(std::move(state), options) {
    prepare();
  }

  template <typename X, typename... Rest>
  decltype(auto) call_forward(const Executor& executor, const X& x, Rest&&... rest) const {
    using Forms = ForwardForms<Set, Scalar>;
    if constexpr (marks_among<AnyAffine, Rest...> == 0) {
      return Forms::call(forward_on(executor), x, std::forward<Rest>(rest)...);
    } else if constexpr (takes_affine<Set, Scalar, X, Rest...>()) {
      const auto call = [&](const auto& affine, auto&&... others) -> decltype(auto) {
        return Forms::call(forward_on(executor, affine), x,
                           std::forward<decltype(others)>(others)...);
      };
      return with_mark<AnyAffine>(call, std::forward<Rest>(rest)...);
    } else {
      return Refused<Scalar>();
    }
  }

  template <typename X, typename... Rest>
  decltype(auto) call_backward(const Executor& executor, const X& x, Rest&&... rest) const {
    if constexpr (updates_among < Rest... >> 0) {
      static_assert(never<X>,
                    "batchnorm: an Eval layer has no gradients of parameters to accumulate.");
      return Refused<Scalar>();
    } else if constexpr (marks_among<AnyAffine, Rest...> == 0) {
      return BackwardForms<Set, Scalar>::call(backward_on(executor), x,
                                              std::forward<Rest>(rest)...);
    } else if constexpr (takes_affine<Set, Scalar, X, Rest...>()) {
      const auto call = [&](const auto& affine, auto&&... others) -> decltype(auto) {
        const auto make = [&](auto& dgamma, auto& dbeta) {
          return backward_on(executor, affine, dgamma, dbeta);
        };
        return AffineBackwardForms<Set, Scalar>::call(make, x, affine,
                                                      std::forward<decltype(others)>(others)...);
      };
      return with_mark<AnyAffine>(call, std::forward<Rest>(rest)...);
    } else {
      return Refused<Scalar>();
    }
  }

  template <typename X, typename... Rest>
  auto call_prepared(X&& x, Rest&&... rest) const {
    constexpr bool has_residual = starts_with_residual<Rest...>;
    using Of = std::remove_cvref_t<X>;
    if constexpr (!is_prepared_of<X, Rest...>()) {
      return Refused<Scalar>();
    } else {
      std::optional<PreparedForward<Scalar, has_residual>> result;
      const auto prepare = [&](const Of& of_x, const auto& r, auto& y) {
        result = this->prepared_forward(of_x, r, y);
      };
      ForwardForms<Set, Scalar>::call(prepare, std::as_const(x), std::forward<Rest>(rest)...);
      return *result;
    }
  }

  const ChannelCoefficients<Parameter>& coefficients() const { return kept_.k; }

 private:
  /// Whether a forward of these may be prepared.
  template <typename X, typename... Rest>
  static consteval bool is_prepared_of() {
    constexpr std::size_t arguments = starts_with_residual<Rest...> ? 2 : 1;
    constexpr bool fits = ArgumentOf<X>::is_eigen && sizeof...(Rest) == arguments &&
                          marks_among<AnyAffine, Rest...> == 0 &&
                          marks_among<AnySampleWeights, Rest...> == 0;
    static_assert(
        fits || never<X>,
        "batchnorm: prepared takes (x, y) or (x, residual(r), y), which are Eigen objects "
        "or maps, and no device: what was prepared runs in the calling thread.");
    constexpr bool stays = [] {
      if constexpr (fits && (ArgumentOf<X>::has_storage && ... && has_memory<Rest>))
        return !(is_gone<X> || ... || is_gone<Rest>);
      return true;
    }();
    static_assert(
        stays || never<X>,
        "batchnorm: what is prepared reads x, the residual and y whenever it is called: give "
        "each a name that lives as long.");
    return fits && stays;
  }

  void prepare() {
    if constexpr (Stored::tracks) {
      const auto& state = this->state_;
      prepare_from_running<Parameter>(this->channels(), state.running_mean.data(),
                                      state.running_variance.data(), state.gamma.data(),
                                      state.beta.data(), this->options_.epsilon, kept_.k);
    }
  }

  template <std::size_t N>
  CallPart whole_call(const std::array<View<const Scalar>, N>& from, std::size_t outputs) const {
    return all_channels(from[0], N + outputs, this->options_);
  }

  template <typename X, typename R, typename Y>
  auto prepared_forward(const X& x, const R& r, Y& y) const {
    this->check_input(x);
    const auto from = this->inputs(x, r);
    const auto to = this->output("y", x, y, from);
    constexpr bool has_residual = from.size() == 2;
    using Call = calls::Normalize<Scalar, Activation, has_residual>;
    return PreparedForward<Scalar, has_residual>(kernel<Call>(), coefficients(),
                                                 whole_call(from, 1), from, to);
  }

  auto forward_on(const Executor& executor) const {
    return [this, executor](const auto& x, const auto& r, auto& y) {
      this->prepared_forward(x, r, y).run_on(executor);
    };
  }

  /// With gamma and beta from outside.
  template <typename G, typename B>
  auto forward_on(const Executor& executor, const GivenAffine<G, B>& affine) const {
    return [this, executor, affine](const auto& x, const auto& r, auto& y) {
      this->check_input(x);
      const auto from = this->inputs(x, r);
      const auto [values, samples] =
          affine_values<Set, Parameter>(x, affine, this->channels(), this->options_);
      check_apart_from_affine("y", y, affine);
      const auto to = this->output("y", x, y, from);
      Workspace<Parameter> work;
      normalize_samples<Activation>(executor, this->options_, samples, coefficients(), values, from,
                                    to, work);
    };
  }

  template <typename G, typename B, typename Dg, typename Db>
  auto backward_on(const Executor& executor, const GivenAffine<G, B>& affine, Dg& dgamma,
                   Db& dbeta) const {
    return [this, executor, affine, &dgamma, &dbeta](const auto& x, const auto& r, const auto& dy,
                                                     GradientUpdate /*none*/, auto&... out) {
      this->check_input(x);
      const auto from = this->gradient_inputs(x, r, dy);
      const auto [values, samples] =
          affine_values<Set, Parameter>(x, affine, this->channels(), this->options_);
      check_affine_outputs(affine, from, dgamma, dbeta, out...);
      const auto to = this->gradient_outputs(x, from, out...);
      const auto gradients = affine_gradients<Parameter>(affine, dgamma, dbeta);
      if (from[0].count() == 0) return;
      Workspace<Parameter> work;
      backward_of_samples<Activation>(executor, this->options_, samples, coefficients(), 0.0,
                                      values, from, to, gradients, work);
    };
  }

  auto backward_on(const Executor& executor) const {
    return [this, executor](const auto& x, const auto& r, const auto& dy, GradientUpdate /*none*/,
                            auto&... out) {
      this->check_input(x);
      const auto from = this->gradient_inputs(x, r, dy);
      const auto to = this->gradient_outputs(x, from, out...);
      using Call = calls::AffineGradient<Scalar, Activation, from.size() == 3>;
      run_kernel<Call>(executor, coefficients(), whole_call(from, to.size()), from, to);
    };
  }

  KeptCoefficients<Parameter, ChannelsAmong<Policies...>> kept_;
};

}  // namespace batchnorm::detail
