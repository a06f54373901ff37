#pragma once

#include <tuple>

#include "../arguments/call_forms.hpp"
#include "../arguments/call_head.hpp"
#include "phases.hpp"

namespace batchnorm::detail {

/// The modes Train and Frozen: parameters that learn, and a forward that leaves something for
/// backward.
template <typename ScalarType, typename Mode, typename... Policies>
class LearningLayer : public Phases<ScalarType, Mode, Policies...> {
  using Base = Phases<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Parameter;
  using typename Base::Saved;
  using typename Base::Scalar;
  using typename Base::Set;

  /// Normalises x; see BatchNorm for the forms. Train takes the statistics of x and moves the
  /// running ones; with moments it takes those, and nothing moves. Frozen takes the running ones.
  /// An empty x gives an empty y and moves nothing. On a device, the same bits.
  template <typename First, typename... Rest>
  decltype(auto) forward(First&& first, Rest&&... rest) {
    return forward_of(*this, std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  /// The same of what leaves its values in a given `Saved` and moves nothing: Frozen, and Train
  /// with moments.
  template <typename First, typename... Rest>
  decltype(auto) forward(First&& first, Rest&&... rest) const {
    if constexpr (!brings_saved<First, Rest...> ||
                  (Base::trains && marks_among<Moments, Rest...> == 0)) {
      return refuse_const<First>();
    } else {
      return forward_of(*this, std::forward<First>(first), std::forward<Rest>(rest)...);
    }
  }

  /// The gradients of the loss, given dy with respect to y: dx is returned or written, those of
  /// gamma and beta are kept. x must be what the forward saw whose values are in the `Saved`, or
  /// the last one. Train goes through the statistics, Frozen takes them as constants. With gradient
  /// sums dx alone, as a part of all that the statistics are of; `learn` takes the others.
  template <typename First, typename... Rest>
  decltype(auto) backward(First&& first, Rest&&... rest) {
    return backward_of(*this, std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  /// The same with a `Saved` and gradient sums, which leaves the layer as it is.
  template <typename First, typename... Rest>
  decltype(auto) backward(First&& first, Rest&&... rest) const {
    if constexpr (!brings_saved<First, Rest...> || marks_among<GradientSums, Rest...> == 0) {
      static_assert(never<First>,
                    "batchnorm: backward writes the gradients of gamma and beta, so the layer "
                    "can't be const; with a Saved in front of x and gradient sums behind dy it "
                    "writes dx alone.");
      return nothing_to_return();
    } else {
      return backward_of(*this, std::forward<First>(first), std::forward<Rest>(rest)...);
    }
  }

  /// Does not compile: what is prepared is an inference.
  template <typename... Arguments>
  auto prepared(const Arguments&... /*arguments*/) const {
    static_assert(never<std::tuple<Arguments...>>,
                  "batchnorm: what is prepared normalises with running statistics: make a "
                  "BatchNorm<Scalar, Eval> from the layer.");
    return nothing_to_return();
  }

  /// Takes a state of as many channels, all of it or, if something in it does not fit, nothing.
  /// Forgets the forwards so far, those into a `Saved` too.
  void set_state(const State<Parameter>& state) { take(state); }

  /// The same of a state whose vectors lie within it.
  template <int Most>
  void set_state(const State<Parameter, Most>& state) {
    take(state);
  }

  /// Running statistics, `batches()` and `rejected()` of a new layer; parameters stay. A backward
  /// may still follow the last forward.
  void reset_running_statistics() { this->state_.reset_running_statistics(); }

  /// Other limits from the next batch on, as they are relaxed in the course of a training. Throws
  /// `std::invalid_argument` for limits that no renormalization has.
  void set_renormalization(const Renormalization& limits) {
    static_assert(Stored::tracks,
                  "batchnorm: renormalization looks to the running statistics, which a layer with "
                  "NoRunningStatistics does not have.");
    check_renormalization(limits);
    this->options_.renormalization = limits;
  }

  /// Another momentum from the next batch on, for a schedule. `cumulative()` goes on from the
  /// number of accepted batches. `pooled()` needs the number of values that the running statistics
  /// are of, which only it counts: where it follows another momentum, throws
  /// `std::invalid_argument` unless they are those of a new layer.
  void set_momentum(const Momentum& momentum) {
    check_momentum(momentum, this->state());
    this->options_.momentum = momentum;
  }

 protected:
  using typename Base::Stored;

  LearningLayer(Stored state, const Options& options) : Base(std::move(state), options) {}

 private:
  template <int Most>
  void take(const State<Parameter, Most>& state) {
    this->state_ = Stored(channels(), state, this->options_);
    this->forget_forwards();
  }

  /// Of a layer, or of a constant one.
  template <typename Self, typename... Arguments>
  static decltype(auto) forward_of(Self& self, Arguments&&... arguments) {
    const auto call = [&self](const Executor& on, auto& group, Saved& saved, const auto& x,
                              auto&&... rest) -> decltype(auto) {
      if constexpr (marks_among<AnyAffine, decltype(rest)...> != 0) {
        return forward_with_affine(self, on, group, saved, x,
                                   std::forward<decltype(rest)>(rest)...);
      } else {
        const auto form = [&](const auto& weights, auto&&... others) -> decltype(auto) {
          return forward_forms(self, on, group, saved, weights, x,
                               std::forward<decltype(others)>(others)...);
        };
        return Base::with_weights(form, x, std::forward<decltype(rest)>(rest)...);
      }
    };
    return at_head(self.saved_, call, std::forward<Arguments>(arguments)...);
  }

  template <typename Self, typename... Arguments>
  static decltype(auto) backward_of(Self& self, Arguments&&... arguments) {
    const auto call = [&self](const Executor& on, auto& group, Saved& saved, const auto& x,
                              auto&&... rest) -> decltype(auto) {
      if constexpr (marks_among<AnyAffine, decltype(rest)...> != 0) {
        return backward_with_affine(self, on, group, saved, x,
                                    std::forward<decltype(rest)>(rest)...);
      } else {
        const auto form = [&](const auto& weights, auto&&... others) -> decltype(auto) {
          return backward_forms(self, on, group, saved, weights, x,
                                std::forward<decltype(others)>(others)...);
        };
        return Base::with_weights(form, x, std::forward<decltype(rest)>(rest)...);
      }
    };
    return at_head(self.saved_, call, std::forward<Arguments>(arguments)...);
  }

  template <typename Self, typename G, typename X, typename... Rest>
  static decltype(auto) forward_with_affine(Self& self, const Executor& on, G& /*none*/,
                                            Saved& saved, const X& x, Rest&&... rest) {
    if constexpr (!may_have_affine<Self, G, X, Rest...>()) {
      return nothing_to_return();
    } else {
      const auto call = [&](const auto& affine, auto&&... others) -> decltype(auto) {
        return ForwardForms<Set, Scalar>::call(self.forward_on(on, saved, affine), x,
                                               std::forward<decltype(others)>(others)...);
      };
      return with_mark<AnyAffine>(call, std::forward<Rest>(rest)...);
    }
  }

  template <typename Self, typename G, typename X, typename... Rest>
  static decltype(auto) backward_with_affine(Self& self, const Executor& on, G& /*none*/,
                                             Saved& saved, const X& x, Rest&&... rest) {
    if constexpr (!may_have_affine<Self, G, X, Rest...>()) {
      return nothing_to_return();
    } else {
      const auto call = [&](const auto& affine, auto&&... others) -> decltype(auto) {
        const auto make = [&](auto& dgamma, auto& dbeta) {
          return self.backward_on(on, saved, affine, dgamma, dbeta);
        };
        return AffineBackwardForms<Set, Scalar>::call(make, x, affine,
                                                      std::forward<decltype(others)>(others)...);
      };
      return with_mark<AnyAffine>(call, std::forward<Rest>(rest)...);
    }
  }

  template <typename Self, typename G, typename X, typename... Rest>
  static consteval bool may_have_affine() {
    constexpr bool alone = !Group<G> && !std::is_const_v<Self>;
    static_assert(alone || never<X>,
                  "batchnorm: affine(gamma, beta) is taken by forward and backward of a layer that "
                  "is not const, without a group.");
    if constexpr (alone) return takes_affine<Set, Scalar, X, Rest...>();
    return false;
  }

  template <typename Self, typename G, typename W, typename X, typename... Rest>
  static decltype(auto) forward_forms(Self& self, const Executor& on, [[maybe_unused]] G& group,
                                      Saved& saved, [[maybe_unused]] const W& weights, const X& x,
                                      Rest&&... rest) {
    using Forms = ForwardForms<Set, Scalar>;
    constexpr bool grouped = Group<G>;
    constexpr bool given = marks_among<Moments, Rest...> != 0;
    if constexpr (grouped && given) {
      static_assert(never<X>, "batchnorm: a group merges the moments of its members itself.");
      return nothing_to_return();
    } else if constexpr (grouped && !std::is_const_v<Self>) {
      return Forms::call(self.forward_in(on, group, saved, weights), x,
                         std::forward<Rest>(rest)...);
    } else if constexpr (given) {
      static_assert(std::is_same_v<W, NoWeights>,
                    "batchnorm: moments that are given have the sample weights in them.");
      static_assert(Base::trains || never<X>,
                    "batchnorm: a Frozen layer normalises with its running statistics; moments "
                    "are given to a Train layer.");
      const auto call = [&](const Moments& moments, auto&&... others) -> decltype(auto) {
        return Forms::call(self.forward_with(on, saved, moments), x,
                           std::forward<decltype(others)>(others)...);
      };
      return with_mark<Moments>(call, std::forward<Rest>(rest)...);
    } else if constexpr (std::is_const_v<Self>) {
      return Forms::call(self.constant_forward_on(on, saved), x, std::forward<Rest>(rest)...);
    } else {
      return Forms::call(self.forward_on(on, saved, weights), x, std::forward<Rest>(rest)...);
    }
  }

  template <typename Self, typename G, typename W, typename X, typename... Rest>
  static decltype(auto) backward_forms(Self& self, const Executor& on, [[maybe_unused]] G& group,
                                       Saved& saved, const W& weights, const X& x, Rest&&... rest) {
    using Forms = BackwardForms<Set, Scalar>;
    constexpr bool grouped = Group<G>;
    constexpr bool given = marks_among<GradientSums, Rest...> != 0;
    if constexpr (grouped && given) {
      static_assert(never<X>, "batchnorm: a group merges the gradient sums of its members itself.");
      return nothing_to_return();
    } else if constexpr (grouped && !std::is_const_v<Self>) {
      return Forms::call(self.backward_in(on, group, saved, weights), x,
                         std::forward<Rest>(rest)...);
    } else if constexpr (!given) {
      return Forms::call(self.backward_on(on, saved, weights), x, std::forward<Rest>(rest)...);
    } else {
      static_assert(updates_among<Rest...> == 0 || never<X>,
                    "batchnorm: backward with gradient sums leaves the gradients of gamma and "
                    "beta as they are: norm.learn(sums, accumulate) adds to them.");
      const auto call = [&](const GradientSums& sums, auto&&... others) -> decltype(auto) {
        return Forms::call(self.backward_with(on, saved, sums, weights), x,
                           std::forward<decltype(others)>(others)...);
      };
      return with_mark<GradientSums>(call, std::forward<Rest>(rest)...);
    }
  }
};

}  // namespace batchnorm::detail
