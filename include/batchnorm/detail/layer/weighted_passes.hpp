#pragma once

#include "../arguments/call_forms.hpp"
#include "passes.hpp"
#include "weights_of.hpp"

namespace batchnorm::detail {

/// Forward and backward of mode Train, whole and in phases, where the samples of a call weigh.
/// Weights that are all 1 are none.
template <typename ScalarType, typename Mode, typename... Policies>
class WeightedPasses : public Passes<ScalarType, Mode, Policies...> {
  using Base = Passes<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Parameter;
  using typename Base::Saved;
  using typename Base::Scalar;
  using typename Base::Set;

 protected:
  using Base::backward_on;
  using Base::backward_with;
  using Base::forward_on;
  using Base::moments_on;
  using Base::sums_on;
  using typename Base::Activation;
  using typename Base::Stored;

  WeightedPasses(Stored state, const Options& options) : Base(std::move(state), options) {}

  /// Calls `call(weights, rest...)` with the weights of the samples among the arguments behind x,
  /// or with none.
  template <typename Call, typename X, typename... Rest>
  static decltype(auto) with_weights(const Call& call, const X& /*x*/, Rest&&... rest) {
    if constexpr (marks_among<AnySampleWeights, Rest...> == 0) {
      return call(NoWeights{}, std::forward<Rest>(rest)...);
    } else if constexpr (!Base::trains) {
      static_assert(never<X>,
                    "batchnorm: a Frozen layer normalises with its running statistics, which no "
                    "sample weights change.");
      return nothing_to_return();
    } else {
      const auto checked = [&]<typename T>(const SampleWeights<T>& weights,
                                           auto&&... others) -> decltype(auto) {
        if constexpr (!check_readable<Set, Scalar, X>() || !check_weights_type<Scalar, X, T>() ||
                      !check_memory<Set, X>()) {
          return nothing_to_return();
        } else {
          return call(weights, std::forward<decltype(others)>(others)...);
        }
      };
      return with_mark<AnySampleWeights>(checked, std::forward<Rest>(rest)...);
    }
  }

  template <typename T>
  auto forward_on(const Executor& executor, Saved& saved, const SampleWeights<T>& weights) {
    return [this, executor, &saved, weights](const auto& x, const auto& r, auto& y) {
      const Shape shape = this->check_input(x);
      const auto from = this->inputs(x, r);
      const Given given(x, from[0], weights);
      check_apart_from_weights("y", y, weights, axis<decltype(x)>);
      if (given.totals.all_one) return this->forward_on(executor, saved)(x, r, y);
      const bool from_batch = takes_weighted_statistics(shape, given.totals);
      const auto to = this->output("y", x, y, from);
      this->begin(saved, shape, from, from_batch, given.totals.sum);
      saved.record_.weighted = true;
      saved.record_.of_forward.take(given.weights, from[0]);
      if (!from_batch) return this->normalize_with_running(executor, saved, from, to);
      normalize_with_weights(executor, saved, given, from, to);
    };
  }

  template <typename T>
  auto backward_on(const Executor& executor, Saved& saved, const SampleWeights<T>& weights) {
    return [this, executor, &saved, weights](const auto& x, const auto& r, const auto& dy,
                                             GradientUpdate update, auto&... out) {
      const auto from = this->saved_inputs(saved, x, r, dy);
      const Given given(x, from[0], weights);
      (check_apart_from_weights("an output", out, weights, axis<decltype(x)>), ...);
      if (given.totals.all_one) return this->backward_on(executor, saved)(x, r, dy, update, out...);
      this->check_own_statistics(saved);
      check_weights_of_forward(saved, given, from[0]);
      const auto to = this->gradient_outputs(x, from, out...);
      saved.work_.gradient.resize(channels());
      run_step<calls::WeightedBackward<Scalar, Activation, from.size() == 3>>(
          executor, this->options_, saved.record_.coefficients, given.weights,
          saved.has_statistics() ? given.totals.sum : 0.0, from, to, saved.work_);
      this->write_gradients_of(saved, update, saved.work_.gradient.sum.data(),
                               saved.work_.gradient.product.data());
      saved.record_.forwards = 0;
    };
  }

  /// Of one of a group in which nothing weighs.
  auto weightless_forward_on(const Executor& executor, Saved& saved) const {
    return [this, executor, &saved](const auto& x, const auto& r, auto& y) {
      takes_weighted_statistics(this->check_input(x), WeightTotals{});
      this->constant_forward_on(executor, saved)(x, r, y);
      saved.record_.weighted = true;
    };
  }

  template <typename X, typename T>
  void moments_on(const Executor& executor, Saved& saved, const X& x,
                  const SampleWeights<T>& weights, Moments& to) const {
    this->check_input(x);
    const auto view = this->view_of(x);
    const Given given(x, view, weights);
    if (given.totals.all_one) return this->moments_on(executor, saved, x, NoWeights{}, to);
    take_weighted_moments(executor, view, given.weights, given.totals.sum, saved.work_, to);
  }

  template <typename T>
  auto sums_on(const Executor& executor, Saved& saved, const SampleWeights<T>& weights) const {
    return [this, executor, &saved, weights](const auto& x, const auto& r, const auto& dy,
                                             GradientSums& sums) {
      const auto from = this->saved_inputs(saved, x, r, dy);
      const Given given(x, from[0], weights);
      if (given.totals.all_one) return this->sums_on(executor, saved)(x, r, dy, sums);
      using Sums = calls::WeightedParameterGradients<Scalar, Activation, from.size() == 3>;
      this->template sum_gradients<Sums>(executor, saved, from);
      saved.record_.of_forward.check(given.weights, from[0]);
      saved.record_.of_sums.take(given.weights, from[0]);
      take_sums(given.totals.sum, saved.work_.gradient, sums);
    };
  }

  template <typename T>
  auto backward_with(const Executor& executor, Saved& saved, const GradientSums& sums,
                     const SampleWeights<T>& weights) const {
    return [this, executor, &saved, &sums, weights](const auto& x, const auto& r, const auto& dy,
                                                    GradientUpdate none, auto&... out) {
      const auto from = this->saved_inputs(saved, x, r, dy);
      const Given given(x, from[0], weights);
      (check_apart_from_weights("an output", out, weights, axis<decltype(x)>), ...);
      if (given.totals.all_one)
        return this->backward_with(executor, saved, sums)(x, r, dy, none, out...);
      this->check_sums_of("backward", saved, sums);
      saved.record_.of_forward.check(given.weights, from[0]);
      saved.record_.of_sums.check(given.weights, from[0]);
      map_weighted(executor, saved, given.weights, sums, from,
                   this->gradient_outputs(x, from, out...));
      saved.record_.forwards = 0;
    };
  }

 private:
  template <typename X>
  static constexpr int axis = Set::Axis::axis(ArgumentOf<X>::rank);

  /// The weights of a call, checked.
  struct Given {
    Weights<Parameter> weights;
    WeightTotals totals;

    template <typename X, typename T>
    Given(const X& x, const View<const Scalar>& view, const SampleWeights<T>& of)
        : weights(weights_of<Parameter>(x, of, axis<X>)), totals(totals_of(weights, view)) {}
  };

  /// A batch of which nothing weighs is normalised with the running statistics, which stay.
  bool takes_weighted_statistics(const Shape& shape, const WeightTotals& totals) const {
    if (totals.weighing == 0) {
      if constexpr (!Stored::tracks) {
        refuse("expected sample weights of which some are not 0 for x of shape ", shape,
               "; a layer with NoRunningStatistics has nothing else to normalise with.");
      }
      return false;
    }
    if (totals.weighing == 1) {
      if (this->options_.single_value == SingleValue::use_running) return false;
      refuse("expected sample weights of which more than 1 is not 0 for x of shape ", shape,
             "; a variance needs two values: drop the batch",
             Stored::tracks ? ", or set options.single_value = SingleValue::use_running." : ".");
    }
    this->check_divisor("forward", totals.sum, totals.are_counts);
    return true;
  }

  static void check_weights_of_forward(const Saved& saved, const Given& given,
                                       const View<const Scalar>& x) {
    if (!saved.record_.weighted) {
      refuse(
          "backward got sample weights that its forward did not have, or that were all 1 there; "
          "give "
          "both the same.");
    }
    check_weights_sum(given.totals.sum, saved.record_.count);
    saved.record_.of_forward.check(given.weights, x);
  }

  template <std::size_t N>
  void normalize_with_weights(const Executor& executor, Saved& saved, const Given& given,
                              const std::array<View<const Scalar>, N>& from,
                              const View<Scalar>& to) {
    Workspace<Parameter>& work = saved.work_;
    work.resize(channels());
    work.renormalizer.resize(this->renormalizes() ? channels() : 0);
    const auto& state = std::as_const(this->state_);
    const double total = given.totals.sum;
    run_step<calls::WeightedForward<Scalar, Activation, N == 2>>(
        executor, this->options_, state.gamma.data(), state.beta.data(), this->running(),
        given.weights, total, from, to, saved.record_.coefficients, work);
    this->move_statistics({work.mean.data(), work.m2.data(), channels(), total});
  }

  template <std::size_t N, std::size_t M>
  void map_weighted(const Executor& executor, Saved& saved, const Weights<Parameter>& weights,
                    const GradientSums& sums, const std::array<View<const Scalar>, N>& from,
                    const std::array<View<Scalar>, M>& to) const {
    if (from[0].count() == 0) return;
    const auto& k = saved.record_.coefficients;
    auto& gradient = saved.work_.gradient;
    const CallPart all = all_channels(from[0], N + M, this->options_);
    gradient.resize(channels());
    if (saved.has_statistics()) {
      put_sums(sums, gradient);
      run_kernel<calls::PrepareBatchGradient<Parameter>>(k, sums.count, all.range, gradient);
    } else {
      gradient.through_nothing(all.range);
    }
    run_kernel<calls::WeightedBatchGradient<Scalar, Activation, N == 3>>(executor, k, gradient, all,
                                                                         weights, from, to);
  }
};

}  // namespace batchnorm::detail
