#pragma once

#include <cmath>

#include "pass_steps.hpp"
#include "sums_checks.hpp"

namespace batchnorm::detail {

/// Forward and backward of the modes Train and Frozen, whole and in phases, once the arguments of a
/// call have one form.
template <typename ScalarType, typename Mode, typename... Policies>
class Passes : public PassSteps<ScalarType, Mode, Policies...> {
  using Base = PassSteps<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Parameter;
  using typename Base::Saved;
  using typename Base::Scalar;
  using typename Base::Set;

 protected:
  using Base::trains;
  using typename Base::Activation;
  using typename Base::Stored;

  Passes(Stored state, const Options& options) : Base(std::move(state), options) {}

  auto forward_on(const Executor& executor, Saved& saved, NoWeights /*none*/ = {}) {
    return [this, executor, &saved](const auto& x, const auto& r, auto& y) {
      const Shape shape = trains ? this->check_summed_input(x) : this->check_input(x);
      const auto from = this->inputs(x, r);
      const bool from_batch = takes_batch_statistics(shape, from[0].count() == 1);
      const auto to = this->output("y", x, y, from);
      this->begin(saved, shape, from, from_batch, count_of(from[0]));
      if (from[0].count() == 0) return;
      if (!from_batch) return this->normalize_with_running(executor, saved, from, to);
      if constexpr (trains) this->normalize_with_batch(executor, saved, from, to);
    };
  }

  /// With the running statistics, which stay.
  auto constant_forward_on(const Executor& executor, Saved& saved) const {
    return [this, executor, &saved](const auto& x, const auto& r, auto& y) {
      const Shape shape = this->check_input(x);
      const auto from = this->inputs(x, r);
      const auto to = this->output("y", x, y, from);
      this->begin(saved, shape, from, false, 0);
      if (from[0].count() > 0) this->normalize_with_running(executor, saved, from, to);
    };
  }

  /// With given moments; nothing moves.
  auto forward_with(const Executor& executor, Saved& saved, const Moments& moments) const {
    return [this, executor, &saved, &moments](const auto& x, const auto& r, auto& y) {
      const Shape shape = this->check_input(x);
      const auto from = this->inputs(x, r);
      check_moments<Parameter>("forward", moments, channels());
      check_moments_of(moments, shape, from[0].count());
      const bool from_moments = takes_batch_statistics(shape, is_of_one_value(moments));
      const auto to = this->output("y", x, y, from);
      const bool again = this->repeats(saved, moments, shape, from[0]);
      const bool given = from_moments && (saved.record_.given || !again);
      const bool weighted = again && saved.record_.weighted;
      const auto weights = saved.record_.of_forward;
      this->begin(saved, shape, from, from_moments, moments.count);
      saved.record_.given = given;
      saved.record_.weighted = weighted;
      if (weighted) saved.record_.of_forward = weights;
      if (!from_moments) return this->normalize_with_running(executor, saved, from, to);
      if (moments.count > 0) this->prepare_with(saved, moments, again);
      if (from[0].count() > 0) this->normalize(executor, saved, from, to);
    };
  }

  template <typename X>
  void moments_on(const Executor& executor, Saved& saved, const X& x, NoWeights /*none*/,
                  Moments& to) const {
    if constexpr (check_readable<Set, Scalar, X>()) {
      this->check_summed_input(x);
      take_moments(executor, this->view_of(x), this->options_.non_finite, saved.work_.sums, to);
    }
  }

  auto sums_on(const Executor& executor, Saved& saved, NoWeights /*none*/ = {}) const {
    return
        [this, executor, &saved](const auto& x, const auto& r, const auto& dy, GradientSums& sums) {
          const auto from = this->saved_inputs(saved, x, r, dy);
          saved.record_.check_unweighted();
          saved.record_.of_sums.forget();
          using Sums = calls::ParameterGradients<Scalar, Activation, from.size() == 3>;
          this->template sum_gradients<Sums>(executor, saved, from);
          take_sums(count_of(from[0]), saved.work_.gradient, sums);
        };
  }

  auto backward_on(const Executor& executor, Saved& saved, NoWeights /*none*/ = {}) {
    return [this, executor, &saved](const auto& x, const auto& r, const auto& dy,
                                    GradientUpdate update, auto&... out) {
      const auto from = this->saved_inputs(saved, x, r, dy);
      check_own_statistics(saved);
      saved.record_.check_unweighted();
      this->run_backward(executor, saved, from, this->gradient_outputs(x, from, out...), update);
      saved.record_.forwards = 0;
    };
  }

  /// With given sums; the gradients of the parameters stay.
  auto backward_with(const Executor& executor, Saved& saved, const GradientSums& sums,
                     NoWeights /*none*/ = {}) const {
    return [this, executor, &saved, &sums](const auto& x, const auto& r, const auto& dy,
                                           GradientUpdate /*none*/, auto&... out) {
      const auto from = this->saved_inputs(saved, x, r, dy);
      saved.record_.check_unweighted();
      saved.record_.of_sums.check_none();
      check_sums_of("backward", saved, sums);
      this->map_gradients(executor, saved, sums, from, this->gradient_outputs(x, from, out...));
      saved.record_.forwards = 0;
    };
  }

  /// Moves the running statistics by a batch of these moments, unless it is of no value, or of one
  /// that the options pass over. A pool takes single values too.
  void observe_once(const Moments& moments) {
    if (moments.count == 0.0) return;
    if (is_of_one_value(moments) && !this->options_.momentum.is_pooled()) {
      if (this->options_.single_value == SingleValue::use_running) return;
      refuse(
          "observe: expected moments of more than 1 value per channel, got 1; a variance needs "
          "two: merge those of several values first, or use pooled(), which takes single ones.");
    }
    check_divisor("observe", moments.count, moments.count == std::floor(moments.count));
    this->move_statistics({moments.mean.data(), moments.m2.data(), channels(), moments.count});
  }

  /// Refuses weights that are no counts where the divisor of the running variance is one less.
  void check_divisor(const char* call, double total, bool are_counts) const {
    const bool biased = this->options_.running_variance == RunningVariance::biased;
    if (!Stored::tracks || biased || are_counts) return;
    refuse(call, ": expected sample weights that are counts, got such that are ", total,
           " together; the running variance's divisor, one less than they are, has no meaning for "
           "others: set options.running_variance = RunningVariance::biased.");
  }

  /// Whether `sums` are of this layer, and of all that the pass took its statistics from.
  void check_sums_of(const char* call, const Saved& saved, const GradientSums& sums) const {
    check_sums(call, sums, channels());
    if (saved.has_statistics()) check_sums_count(call, sums.count, saved.record_.count);
  }

  /// Whether the statistics of a pass are known to be those of its x alone.
  static void check_own_statistics(const Saved& saved) {
    if (!saved.has_statistics() || !saved.record_.given) return;
    refuse(
        "backward of a forward that was given moments, which may be of more than x: take "
        "gradient_sums(x, dy), merge those of all parts, and give them to backward behind dy.");
  }

  /// Train normalises with a batch, unless it has one value per channel and the options say
  /// otherwise.
  bool takes_batch_statistics(const Shape& shape, bool is_of_one) const {
    if (!trains) return false;
    if (!is_of_one) return true;
    if (this->options_.single_value == SingleValue::use_running) return false;
    refuse("expected more than 1 value per channel in training, got ", shape,
           "; a variance needs two: drop or merge the last short batch",
           Stored::tracks
               ? ", freeze the layer, or set options.single_value = SingleValue::use_running; for "
                 "inference, make a BatchNorm<Scalar, Eval> from the layer."
               : ", or give the layer RunningStatistics, with which a single value can be "
                 "normalised.");
  }
};

}  // namespace batchnorm::detail