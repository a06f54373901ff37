#pragma once

#include "../run/run.hpp"
#include "../steps/steps.hpp"
#include "learnt_parameters.hpp"
#include "saved.hpp"

namespace batchnorm::detail {

/// What passes of the modes Train and Frozen are made of, on views that were checked. What is const
/// writes to the given `Saved` and outputs alone.
template <typename ScalarType, typename Mode, typename... Policies>
class PassSteps : public LearntParameters<ScalarType, Mode, Policies...> {
  using Base = LearntParameters<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Parameter;
  using typename Base::Scalar;
  /// What a forward leaves for its backward.
  using Saved = batchnorm::Saved<Scalar, ChannelsAmong<Policies...>>;

 protected:
  using typename Base::Activation;
  using typename Base::Stored;
  static constexpr bool trains = std::is_same_v<Mode, Train>;

  PassSteps(Stored state, const Options& options) : Base(std::move(state), options) {}

  /// The same of an x whose values are summed.
  template <typename X>
  Shape check_summed_input(const X& x) const {
    const Shape shape = this->check_input(x);
    if constexpr (Base::has_fixed_channels)
      check_room<ChannelsAmong<Policies...>>(this->view_of(x));
    return shape;
  }

  /// Refuses the `Saved` of another layer; its own may come from one that it was copied from.
  void check_owner(const Saved& saved) const {
    if (&saved != &saved_) saved.record_.check_layer(identity_.token());
  }

  /// Whether a forward of x with these moments is the pass that `saved` is of, computed again.
  bool repeats(const Saved& saved, const Moments& moments, const Shape& shape,
               const View<const Scalar>& x) const {
    const bool is_own = &saved == &saved_ || saved.record_.layer == identity_.token();
    return is_own && saved.has_statistics() && saved.record_.count == moments.count &&
           are_kept(moments, saved.work_) && saved.record_.is_of(shape, x);
  }

  /// Of no forward so far is there a backward.
  void forget_forwards() {
    saved_.record_.exists = false;
    identity_.renew();
  }

  void move_statistics(const BatchStatistics& batch) {
    auto& state = this->state_;
    ++state.batches;
    if constexpr (Stored::tracks) {
      auto& values = state.values.values;
      const Index pooled = this->options_.momentum.is_pooled() ? channels() : 0;
      if (values.size() != pooled) values.setZero(pooled);
      run_step<calls::UpdateRunning>(
          batch, this->options_,
          RunningState{state.running_mean.data(), state.running_variance.data(),
                       state.rejected.data(), values.data(), state.batches});
    }
  }

  /// Takes the gradients of the parameters from the sums of a pass.
  void write_gradients_of(Saved& saved, GradientUpdate update, const double* sum,
                          const double* product) {
    Renormalizer& renormalizer = saved.work_.renormalizer;
    const bool renormalized = saved.has_statistics() && renormalizer.is_on();
    this->write_gradients(update, sum,
                          renormalized ? renormalizer.gamma_gradient(sum, product) : product);
  }

  bool renormalizes() const { return Stored::tracks && this->options_.renormalization.is_on(); }

  template <std::size_t N>
  void begin(Saved& saved, const Shape& shape, const std::array<View<const Scalar>, N>& from,
             bool from_batch, double count) const {
    saved.record_.save(shape, from, from_batch, count);
    if (&saved != &saved_) saved.record_.layer = identity_.token();
    saved.record_.coefficients.resize(from[0].count() == 0 ? 0 : channels());
  }

  template <typename X, typename R, typename Dy>
  auto saved_inputs(const Saved& saved, const X& x, const R& r, const Dy& dy,
                    bool has_affine = false) const {
    const Shape shape = check_summed_input(x);
    check_owner(saved);
    saved.record_.check(shape, this->view_of(x));
    saved.record_.check_affine(has_affine);
    const auto from = this->gradient_inputs(x, r, dy);
    if constexpr (Activation::gates) saved.record_.check_residual(from);
    return from;
  }

  template <std::size_t N>
  void normalize_with_batch(const Executor& executor, Saved& saved,
                            const std::array<View<const Scalar>, N>& from, const View<Scalar>& to) {
    Workspace<Parameter>& work = saved.work_;
    work.resize(channels());
    work.renormalizer.resize(this->renormalizes() ? channels() : 0);
    const auto& state = std::as_const(this->state_);
    run_step<calls::BatchForward<Scalar, Activation, N == 2>>(
        executor, this->options_, state.gamma.data(), state.beta.data(), running(), from, to,
        saved.record_.coefficients, work);
    move_statistics({work.mean.data(), work.m2.data(), channels(), count_of(from[0])});
  }

  template <std::size_t N>
  void normalize_with_running(const Executor& executor, Saved& saved,
                              const std::array<View<const Scalar>, N>& from,
                              const View<Scalar>& to) const {
    prepare_running(saved);
    if constexpr (Stored::tracks) normalize(executor, saved, from, to);
  }

  void prepare_running(Saved& saved) const {
    if constexpr (Stored::tracks) {
      const auto& state = this->state_;
      prepare_from_running<Parameter>(
          channels(), state.running_mean.data(), state.running_variance.data(), state.gamma.data(),
          state.beta.data(), this->options_.epsilon, saved.record_.coefficients);
    }
  }

  RunningBefore running() const {
    return {this->state_.running_mean.data(), this->state_.running_variance.data()};
  }

  /// What makes a batch of `moments` comparable with the running statistics.
  void renormalize(Saved& saved, const Moments& moments) const {
    Renormalizer& renormalizer = saved.work_.renormalizer;
    renormalizer.resize(renormalizes() ? channels() : 0);
    if (!renormalizer.is_on()) return;
    renormalizer.compare({0, channels()}, moments.mean.data(), moments.m2.data(),
                         1.0 / moments.count, running(), this->options_);
  }

  /// A pass that is computed `again` repeats what it took of the running statistics, though these
  /// have moved.
  void prepare_with(Saved& saved, const Moments& moments, bool again) const {
    if (!again) renormalize(saved, moments);
    saved.record_.coefficients.resize(channels());
    const Renormalizer& renormalizer = saved.work_.renormalizer;
    const auto& state = this->state_;
    const Statistics<Parameter> statistics{
        moments.mean.data(),    low_of(moments),          moments.m2.data(),
        1.0 / moments.count,    state.gamma.data(),       state.beta.data(),
        this->options_.epsilon, renormalizer.r_or_null(), renormalizer.d_or_null()};
    run_kernel<calls::PrepareCoefficients<Parameter>>(statistics, ChannelRange{0, channels()},
                                                      saved.record_.coefficients);
    keep_moments(moments, saved.work_);
  }

  template <std::size_t N>
  void normalize(const Executor& executor, const Saved& saved,
                 const std::array<View<const Scalar>, N>& from, const View<Scalar>& to) const {
    run_kernel<calls::Normalize<Scalar, Activation, N == 2>>(
        executor, saved.record_.coefficients, all_channels(from[0], N + 1, this->options_), from,
        to);
  }

  template <std::size_t N, std::size_t M>
  void run_backward(const Executor& executor, Saved& saved,
                    const std::array<View<const Scalar>, N>& from,
                    const std::array<View<Scalar>, M>& to, GradientUpdate update) {
    auto& gradient = saved.work_.gradient;
    gradient.resize(channels());
    if (from[0].count() == 0) {
      gradient.sum.set_zero();
      gradient.product.set_zero();
    } else if constexpr (!trains) {
      if (update == GradientUpdate::inputs_only) return map_constant(executor, saved, from, to);
      take_backward<calls::ConstantBackward<Scalar, Activation, N == 3>>(executor, saved, from, to);
    } else if (saved.has_statistics()) {
      take_backward<calls::BatchBackward<Scalar, Activation, N == 3>>(executor, saved, from, to);
    } else {
      take_backward<calls::BackwardOfFew<Scalar, Activation, N == 3>>(executor, saved, from, to);
    }
    write_gradients_of(saved, update, gradient.sum.data(), gradient.product.data());
  }

  template <typename Call, typename From, typename To>
  void take_backward(const Executor& executor, Saved& saved, const From& from, const To& to) const {
    run_step<Call>(executor, this->options_, saved.record_.coefficients, from, to, saved.work_);
  }

  template <typename Sums, std::size_t N>
  void sum_gradients(const Executor& executor, Saved& saved,
                     const std::array<View<const Scalar>, N>& from) const {
    Workspace<Parameter>& work = saved.work_;
    work.gradient.resize(channels());
    if (from[0].count() == 0) {
      work.gradient.sum.set_zero();
      work.gradient.product.set_zero();
      return;
    }
    run_kernel<Sums>(executor, saved.record_.coefficients, ChannelRange{0, channels()}, from,
                     work.sums, work.gradient);
  }

  template <std::size_t N, std::size_t M>
  void map_gradients(const Executor& executor, Saved& saved, const GradientSums& sums,
                     const std::array<View<const Scalar>, N>& from,
                     const std::array<View<Scalar>, M>& to) const {
    if (from[0].count() == 0) return;
    if (!saved.has_statistics()) return map_constant(executor, saved, from, to);
    if constexpr (trains) {
      const auto& k = saved.record_.coefficients;
      auto& gradient = saved.work_.gradient;
      const CallPart all = all_channels(from[0], N + M, this->options_);
      gradient.resize(channels());
      put_sums(sums, gradient);
      run_kernel<calls::PrepareBatchGradient<Parameter>>(k, sums.count, all.range, gradient);
      run_kernel<calls::BatchGradient<Scalar, Activation, N == 3>>(executor, k, gradient, all, from,
                                                                   to);
    }
  }

  /// dx of an affine map: in Train of single values, which are seldom and few.
  template <std::size_t N, std::size_t M>
  void map_constant(const Executor& executor, const Saved& saved,
                    const std::array<View<const Scalar>, N>& from,
                    const std::array<View<Scalar>, M>& to) const {
    const auto& k = saved.record_.coefficients;
    const CallPart all = all_channels(from[0], N + M, this->options_);
    if constexpr (trains) {
      run_kernel<calls::AffineGradientOfFew<Scalar, Activation, N == 3>>(k, all, from, to);
    } else {
      run_kernel<calls::AffineGradient<Scalar, Activation, N == 3>>(executor, k, all, from, to);
    }
  }

  Saved saved_;

 private:
  Identity<!Base::has_fixed_channels> identity_;
};

}  // namespace batchnorm::detail
