#pragma once

#include "../../group.hpp"
#include "pass_steps.hpp"
#include "sums_checks.hpp"

namespace batchnorm::detail {

/// Leaves a group unless what it guards came to its end.
template <typename G>
class LeavesUnlessDone {
 public:
  explicit LeavesUnlessDone(G& group) : group_(group) {}
  ~LeavesUnlessDone() {
    if (!done_) group_.leave();
  }
  LeavesUnlessDone(const LeavesUnlessDone&) = delete;
  LeavesUnlessDone& operator=(const LeavesUnlessDone&) = delete;
  LeavesUnlessDone(LeavesUnlessDone&&) = delete;
  LeavesUnlessDone& operator=(LeavesUnlessDone&&) = delete;

  void done() { done_ = true; }

 private:
  G& group_;
  bool done_ = false;
};

/// Forward and backward of the modes Train and Frozen, whole, in phases and as one of a group, once
/// the arguments of a call have one form.
template <typename ScalarType, typename Mode, typename... Policies>
class Passes : public PassSteps<ScalarType, Mode, Policies...> {
  using Base = PassSteps<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Saved;
  using typename Base::Scalar;
  using typename Base::Set;

 protected:
  using Base::trains;
  using typename Base::Activation;
  using typename Base::Stored;

  Passes(Stored state, const Options& options) : Base(std::move(state), options) {}

  auto forward_on(const Executor& executor, Saved& saved) {
    return [this, executor, &saved](const auto& x, const auto& r, auto& y) {
      const Shape shape = this->check_input(x);
      const auto from = this->inputs(x, r);
      const bool from_batch = takes_batch_statistics(shape, from[0].count());
      const auto to = this->output("y", x, y, from);
      this->begin(saved, shape, from, from_batch, from[0].count());
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
      check_moments<Scalar>("forward", moments, channels());
      check_moments_of(moments, shape, from[0].count());
      const bool from_moments = takes_batch_statistics(shape, moments.count);
      const auto to = this->output("y", x, y, from);
      const bool again = this->repeats(saved, moments);
      const bool given = from_moments && (saved.record_.given || !again);
      this->begin(saved, shape, from, from_moments, moments.count);
      saved.record_.given = given;
      if (!from_moments) return this->normalize_with_running(executor, saved, from, to);
      if (moments.count > 0) this->prepare_with(saved, moments, again);
      if (from[0].count() > 0) this->normalize(executor, saved, from, to);
    };
  }

  template <typename X>
  Moments moments_on(const Executor& executor, Saved& saved, const X& x) const {
    Moments result;
    moments_on(executor, saved, x, result);
    return result;
  }

  template <typename X>
  void moments_on(const Executor& executor, Saved& saved, const X& x, Moments& to) const {
    if constexpr (check_readable<Set, Scalar, X>()) {
      this->check_input(x);
      take_moments(executor, this->view_of(x), this->options_.non_finite, saved.work_.sums, to);
    }
  }

  auto sums_on(const Executor& executor, Saved& saved) const {
    return
        [this, executor, &saved](const auto& x, const auto& r, const auto& dy, GradientSums& sums) {
          const auto from = this->saved_inputs(saved, x, r, dy);
          this->sum_gradients(executor, saved, from);
          take_sums(from[0].count(), saved.work_.gradient, sums);
        };
  }

  auto backward_on(const Executor& executor, Saved& saved) {
    return [this, executor, &saved](const auto& x, const auto& r, const auto& dy,
                                    GradientUpdate update, auto&... out) {
      const auto from = this->saved_inputs(saved, x, r, dy);
      check_own_statistics(saved);
      this->run_backward(executor, saved, from, this->gradient_outputs(x, from, out...), update);
      saved.record_.forwards = 0;
    };
  }

  /// With given sums; the gradients of the parameters stay.
  auto backward_with(const Executor& executor, Saved& saved, const GradientSums& sums) const {
    return [this, executor, &saved, &sums](const auto& x, const auto& r, const auto& dy,
                                           GradientUpdate /*none*/, auto&... out) {
      const auto from = this->saved_inputs(saved, x, r, dy);
      check_sums_of("backward", saved, sums);
      this->map_gradients(executor, saved, sums, from, this->gradient_outputs(x, from, out...));
      saved.record_.forwards = 0;
    };
  }

  /// As one of a group, with the statistics of all its parts.
  template <typename G>
  auto forward_in(const Executor& executor, G& group, Saved& saved) {
    return [this, executor, &group, &saved](const auto& x, const auto& r, auto& y) {
      LeavesUnlessDone<G> guard(group);
      if constexpr (trains) {
        Moments moments = this->moments_on(executor, saved, x);
        group.merge(moments);
        this->forward_with(executor, saved, moments)(x, r, y);
        this->observe_once(moments);
      } else {
        this->forward_on(executor, saved)(x, r, y);
      }
      guard.done();
    };
  }

  /// As one of a group: dx of its part, and the gradients of the parameters of all.
  template <typename G>
  auto backward_in(const Executor& executor, G& group, Saved& saved) {
    return [this, executor, &group, &saved](const auto& x, const auto& r, const auto& dy,
                                            GradientUpdate update, auto&... out) {
      LeavesUnlessDone<G> guard(group);
      GradientSums sums;
      this->sums_on(executor, saved)(x, r, dy, sums);
      group.merge(sums);
      this->backward_with(executor, saved, sums)(x, r, dy, update, out...);
      this->write_gradients_of(saved, update, sums.sum.data(), sums.product.data());
      guard.done();
    };
  }

  /// Moves the running statistics by a batch of these moments, unless it is of no value, or of one
  /// that the options pass over. A pool takes single values too.
  void observe_once(const Moments& moments) {
    if (moments.count == 0) return;
    if (moments.count == 1 && !this->options_.momentum.is_pooled()) {
      if (this->options_.single_value == SingleValue::use_running) return;
      refuse(
          "observe: expected moments of more than 1 value per channel, got 1; a variance needs "
          "two: merge those of several values first, or use pooled(), which takes single ones.");
    }
    this->move_statistics({moments.mean.data(), moments.m2.data(), channels(), moments.count});
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
  bool takes_batch_statistics(const Shape& shape, Index count) const {
    if (!trains) return false;
    if (count != 1) return true;
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