#pragma once

#include "../arguments/call_forms.hpp"
#include "../run/run.hpp"
#include "../steps/steps.hpp"
#include "learnt_parameters.hpp"
#include "record.hpp"

namespace batchnorm::detail {

/// The modes Train and Frozen: parameters that learn, and a forward that leaves something for
/// backward.
template <typename ScalarType, typename Mode, typename... Policies>
class LearningLayer : public LearntParameters<ScalarType, Mode, Policies...> {
  using Base = LearntParameters<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Scalar;
  using typename Base::Set;

  /// Normalises x; see BatchNorm for the forms. Train takes the statistics of x and moves the
  /// running ones; Frozen takes the running ones. An empty x gives an empty y and moves nothing.
  template <NotADevice X, typename... Rest>
  decltype(auto) forward(const X& x, Rest&&... rest) {
    return ForwardForms<Set, Scalar>::call(forward_on(Executor{}), x, std::forward<Rest>(rest)...);
  }

  /// The same on a device, with the same bits.
  template <ExecutionDevice Device, typename X, typename... Rest>
  decltype(auto) forward(const Device& device, const X& x, Rest&&... rest) {
    return ForwardForms<Set, Scalar>::call(forward_on(Executor(device)), x,
                                           std::forward<Rest>(rest)...);
  }

  /// Does not compile: forward leaves something for backward.
  template <NotADevice X, typename... Rest>
  auto forward(const X& /*x*/, Rest&&... /*rest*/) const {
    return refuse_const<X, Scalar>();
  }

  /// Does not compile: forward leaves something for backward.
  template <ExecutionDevice Device, typename X, typename... Rest>
  auto forward(const Device& /*device*/, const X& /*x*/, Rest&&... /*rest*/) const {
    return refuse_const<X, Scalar>();
  }

  /// The gradients of the loss, given dy with respect to y: dx is returned or written, those of
  /// gamma and beta are kept. x must be what the last forward saw. Train goes through the
  /// statistics, Frozen takes them as constants.
  template <NotADevice X, typename... Rest>
  decltype(auto) backward(const X& x, Rest&&... rest) {
    return BackwardForms<Set, Scalar>::call(backward_on(Executor{}), x,
                                            std::forward<Rest>(rest)...);
  }

  /// The same on a device, with the same bits.
  template <ExecutionDevice Device, typename X, typename... Rest>
  decltype(auto) backward(const Device& device, const X& x, Rest&&... rest) {
    return BackwardForms<Set, Scalar>::call(backward_on(Executor(device)), x,
                                            std::forward<Rest>(rest)...);
  }

  /// Takes a state of as many channels, all of it or, if something in it does not fit, nothing.
  /// Forgets the last forward.
  void set_state(const State<Scalar>& state) {
    this->state_ = Stored(channels(), state, this->options_);
    record_.exists = false;
  }

  /// Running statistics, `batches()` and `rejected()` of a new layer; parameters stay. A backward
  /// may still follow the last forward.
  void reset_running_statistics() { this->state_.reset_running_statistics(); }

 protected:
  using typename Base::Activation;
  using typename Base::Stored;

  LearningLayer(Stored state, const Options& options) : Base(std::move(state), options) {}

 private:
  auto forward_on(const Executor& executor) {
    return [this, executor](const auto& x, const auto& r, auto& y) {
      const Shape shape = this->check_input(x);
      const auto from = this->inputs(x, r);
      const bool from_batch = takes_batch_statistics(shape, from[0].count());
      run_forward(executor, shape, from, this->output("y", x, y, from), from_batch);
    };
  }

  auto backward_on(const Executor& executor) {
    return [this, executor](const auto& x, const auto& r, const auto& dy, GradientUpdate update,
                            auto&... out) {
      const Shape shape = this->check_input(x);
      record_.check(shape, this->view_of(x));
      const auto from = this->gradient_inputs(x, r, dy);
      if constexpr (Activation::gates) record_.check_residual(from);
      run_backward(executor, from, this->gradient_outputs(x, from, out...), update);
      record_.forwards = 0;
    };
  }

  /// Train normalises with the batch, unless it has one value per channel and the options say
  /// otherwise.
  bool takes_batch_statistics(const Shape& shape, Index count) const {
    if (!std::is_same_v<Mode, Train>) return false;
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

  template <std::size_t N>
  void run_forward(const Executor& executor, const Shape& shape,
                   const std::array<View<const Scalar>, N>& from, const View<Scalar>& to,
                   bool from_batch) {
    record_.save(shape, from, from_batch);
    if (from[0].count() == 0) return;
    work_.resize(channels());
    record_.coefficients.resize(channels());
    if constexpr (std::is_same_v<Mode, Train>) {
      if (from_batch) return normalize_with_batch(executor, from, to);
    }
    if constexpr (Stored::tracks) {
      const auto& state = std::as_const(this->state_);
      prepare_from_running<Scalar>(state.running_mean.values, state.running_variance.values,
                                   state.gamma.data(), state.beta.data(), this->options_.epsilon,
                                   record_.coefficients);
      const CallPart all = all_channels(from[0], N + 1, this->options_);
      run_kernel<calls::Normalize<Scalar, Activation, N == 2>>(executor, record_.coefficients, all,
                                                               from, to);
    }
  }

  template <std::size_t N>
  void normalize_with_batch(const Executor& executor, const std::array<View<const Scalar>, N>& from,
                            const View<Scalar>& to) {
    auto& state = this->state_;
    run_step<calls::BatchForward<Scalar, Activation, N == 2>>(
        executor, this->options_, std::as_const(state).gamma.data(),
        std::as_const(state).beta.data(), from, to, record_.coefficients, work_);
    ++state.batches;
    if constexpr (Stored::tracks) {
      run_step<calls::UpdateRunning>(
          work_.mean, work_.m2, from[0].count(), this->options_,
          RunningState{state.running_mean.data(), state.running_variance.data(),
                       state.rejected.data(), state.batches});
    }
  }

  template <std::size_t N, std::size_t M>
  void run_backward(const Executor& executor, const std::array<View<const Scalar>, N>& from,
                    const std::array<View<Scalar>, M>& to, GradientUpdate update) {
    if (from[0].count() == 0) return this->write_gradients(update, no_gradients());
    work_.gradient.resize(channels());
    if constexpr (!std::is_same_v<Mode, Train>) {
      take_backward<calls::ConstantBackward<Scalar, Activation, N == 3>>(executor, from, to);
    } else if (record_.batch_statistics) {
      take_backward<calls::BatchBackward<Scalar, Activation, N == 3>>(executor, from, to);
    } else {
      take_backward<calls::BackwardOfFew<Scalar, Activation, N == 3>>(executor, from, to);
    }
    this->write_gradients(update, work_.gradient);
  }

  template <typename Call, typename From, typename To>
  void take_backward(const Executor& executor, const From& from, const To& to) {
    run_step<Call>(executor, this->options_, record_.coefficients, from, to, work_);
  }

  const GradientCoefficients<Scalar>& no_gradients() {
    work_.gradient.resize(channels());
    work_.gradient.sum.set_zero();
    work_.gradient.product.set_zero();
    return work_.gradient;
  }

  Record<Scalar> record_;
  Workspace<Scalar> work_;
};

}  // namespace batchnorm::detail
