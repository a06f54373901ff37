#pragma once

#include "../../second_gradients.hpp"
#include "../arguments/call_head.hpp"
#include "../steps/second_backward.hpp"
#include "affine_passes.hpp"

namespace batchnorm::detail {

/// The gradients of what backward gave, in the modes Train and Frozen.
template <typename ScalarType, typename Mode, typename... Policies>
class SecondPasses : public AffinePasses<ScalarType, Mode, Policies...> {
  using Base = AffinePasses<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Parameter;
  using typename Base::Saved;
  using typename Base::Scalar;
  using typename Base::Set;
  using typename Base::Vector;

  /// `second_backward([device,] [saved,] x, dy, v, [v_gamma, v_beta,] [to])`: of a loss that
  /// depends on what `backward(x, dy)` gave, the gradients with respect to x, dy and gamma,
  /// returned as `SecondGradients`, or written to one. v is the gradient of that loss with respect
  /// to dx, of x's shape, v_gamma and v_beta are those with respect to the gradients of gamma and
  /// beta, vectors, empty where the layer has no such parameter, or none. x is what the forward saw
  /// whose values are in the `Saved`, or the last one. For layers without an activation.
  template <typename First, typename... Rest>
  auto second_backward(First&& first, Rest&&... rest) {
    return second_at(this->saved_, std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  /// The same with a `Saved`.
  template <typename First, typename... Rest>
  auto second_backward(First&& first, Rest&&... rest) const {
    static_assert(brings_saved<First, Rest...>,
                  "batchnorm: second_backward works in the memory of a Saved, and that of a const "
                  "layer can't be written: give it the one that the forward was given.");
    if constexpr (brings_saved<First, Rest...>)
      return second_at(this->saved_, std::forward<First>(first), std::forward<Rest>(rest)...);
  }

 protected:
  using Base::trains;
  using typename Base::Activation;
  using typename Base::Stored;

  SecondPasses(Stored state, const Options& options) : Base(std::move(state), options) {}

 private:
  template <typename X>
  using Gradients = SecondGradients<typename ArgumentOf<X>::Owning, Vector>;

  template <typename OwnSaved, typename... Arguments>
  auto second_at(OwnSaved& own, Arguments&&... arguments) const {
    const auto call = [this](const Executor& on, auto& group, Saved& saved, const auto& x,
                             auto&&... others) {
      return this->second_form(on, group, saved, x, others...);
    };
    return at_head(own, call, std::forward<Arguments>(arguments)...);
  }

  /// dy and v, and for all parameters v_gamma and v_beta; behind them what is written, or nothing.
  template <typename X, typename... Rest>
  static consteval bool are_second_arguments() {
    constexpr int outputs =
        (0 + ... + int{std::is_same_v<std::remove_cvref_t<Rest>, Gradients<X>>});
    constexpr int objects = (0 + ... + int{ArgumentOf<Rest>::is_eigen});
    constexpr int all = sizeof...(Rest);
    return outputs <= 1 && objects + outputs == all && (objects == 2 || objects == 4);
  }

  template <typename G, typename X, typename... Rest>
  auto second_form(const Executor& on, G& /*none*/, Saved& saved, const X& x, Rest&... rest) const {
    constexpr bool fits = std::is_same_v<G, NoGroup> && std::is_same_v<Activation, NoActivation> &&
                          are_second_arguments<X, Rest...>();
    static_assert(fits || never<X>,
                  "batchnorm: second_backward takes (x, dy, v) or (x, dy, v, v_gamma, v_beta), "
                  "SecondGradients to write behind, a device and Saved before them, of a layer "
                  "without an activation.");
    if constexpr (!fits || !check_readable<Set, Scalar, X>() || !check_memory<Set, X>()) {
      return nothing_to_return();
    } else {
      return second_of(on, saved, x, rest...);
    }
  }

  template <typename X, typename Dy, typename V>
  auto second_of(const Executor& on, Saved& saved, const X& x, const Dy& dy, const V& v) const {
    Gradients<X> to;
    second_of(on, saved, x, dy, v, to);
    return to;
  }

  template <typename X, typename Dy, typename V, typename Vg, typename Vb>
  requires EigenArgument<Vg>
  auto second_of(const Executor& on, Saved& saved, const X& x, const Dy& dy, const V& v,
                 const Vg& v_gamma, const Vb& v_beta) const {
    Gradients<X> to;
    second_of(on, saved, x, dy, v, v_gamma, v_beta, to);
    return to;
  }

  template <typename X, typename Dy, typename V>
  auto second_of(const Executor& on, Saved& saved, const X& x, const Dy& dy, const V& v,
                 Gradients<X>& to) const {
    run_second(on, saved, x, dy, v, {nullptr, nullptr}, to);
  }

  template <typename X, typename Dy, typename V, typename Vg, typename Vb>
  auto second_of(const Executor& on, Saved& saved, const X& x, const Dy& dy, const V& v,
                 const Vg& v_gamma, const Vb& v_beta, Gradients<X>& to) const {
    SecondWorkspace<Parameter>& second = saved.work_.second;
    run_second(on, saved, x, dy, v,
               {checked("v_gamma", v_gamma, Set::Affine::has_gamma, second.of_gamma),
                checked("v_beta", v_beta, Set::Affine::has_beta, second.of_beta)},
               to);
  }

  /// The values of `t`, copied beside each other, or null where the layer has no such parameter.
  template <typename T>
  const Parameter* checked(const char* name, const T& t, bool has_parameter,
                           ChannelArray<Parameter>& to) const {
    const Index expected = has_parameter ? channels() : 0;
    if (t.size() != expected || (expected > 0 && t.rows() != 1 && t.cols() != 1)) {
      refuse("second_backward: expected ", name, " of ", expected,
             " values, one for each of the layer's parameters, got ", ArgumentOf<T>::shape(t), ".");
    }
    to.resize(expected);
    Eigen::Map<Vector>(to.data(), expected) = t.reshaped();
    return has_parameter ? to.data() : nullptr;
  }

  template <typename X, typename Dy, typename V>
  auto run_second(const Executor& executor, Saved& saved, const X& x, const Dy& dy, const V& v,
                  const ParameterCotangents<Parameter>& of, Gradients<X>& to) const {
    if constexpr (check_input_beside<Set, Scalar, X, Dy>() &&
                  check_input_beside<Set, Scalar, X, V>()) {
      if (saved.record_.has_affine) {
        refuse("second_backward: expected a forward without affine(gamma, beta).");
      }
      const auto pair = this->saved_inputs(saved, x, NoResidual{}, dy);
      this->check_own_statistics(saved);
      if (saved.record_.weighted) {
        refuse("second_backward: expected a forward without sample weights; through weighted ",
               "statistics there is a backward alone.");
      }
      check_same_shape("v", ArgumentOf<V>::shape(v), ArgumentOf<X>::shape(x));
      const std::array from{pair[0], pair[1], this->view_of(v)};
      const auto outputs = this->gradient_outputs(x, from, to.x, to.dy);
      to.gamma.setZero(Set::Affine::has_gamma ? channels() : 0);
      if (from[0].count() == 0) return;
      saved.work_.gradient.resize(channels());
      map_second(executor, saved, from, of, outputs, to.gamma.data());
    }
  }

  /// `gamma` has room for the gradient, where there is one.
  void map_second(const Executor& executor, Saved& saved,
                  const std::array<View<const Scalar>, 3>& from,
                  const ParameterCotangents<Parameter>& of,
                  const std::array<View<Scalar>, 2>& outputs, Parameter* gamma) const {
    const ChannelCoefficients<Parameter>& k = saved.record_.coefficients;
    SecondWorkspace<Parameter>& second = saved.work_.second;
    second.resize(channels());
    take_second_sums(executor, k, from, saved.work_);
    const Renormalizer& renormalizer = saved.work_.renormalizer;
    const bool renormalized = saved.has_statistics() && renormalizer.is_on();
    for (Index c = 0; c < channels(); ++c) {
      const double r = renormalized ? renormalizer.r[c] : 1.0;
      const double d = renormalized ? renormalizer.d[c] : 0.0;
      const double own = Set::Affine::has_gamma ? double{this->state_.gamma.data()[c]} : 1.0;
      const double p = of.gamma == nullptr ? 0.0 : static_cast<double>(of.gamma[c]);
      const double q = of.beta == nullptr ? 0.0 : static_cast<double>(of.beta[c]);
      const SecondChannel at{own * r, k.inverse_deviation[c], p * r, q + p * d};
      const SecondFactors found = saved.has_statistics()
                                      ? through_statistics(at, second.sums, c, saved.count())
                                      : of_constants(at, second.sums, c);
      put_factors(k, found, c, second.factors);
      if (Set::Affine::has_gamma) gamma[c] = static_cast<Parameter>(r * found.gamma);
    }
    run_kernel<calls::SecondGradient<Scalar>>(executor, k.centre, second.factors,
                                              all_channels(from[0], 5, this->options_), from,
                                              outputs);
  }
};

}  // namespace batchnorm::detail
