#pragma once

#include "affine_of.hpp"
#include "group_passes.hpp"

namespace batchnorm::detail {

/// Forward and backward where gamma and beta come from outside, for layers without parameters of
/// their own.
template <typename ScalarType, typename Mode, typename... Policies>
class AffinePasses : public GroupPasses<ScalarType, Mode, Policies...> {
  using Base = GroupPasses<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Parameter;
  using typename Base::Saved;
  using typename Base::Scalar;
  using typename Base::Set;

 protected:
  using Base::backward_on;
  using Base::forward_on;
  using Base::trains;
  using typename Base::Activation;
  using typename Base::Stored;

  AffinePasses(Stored state, const Options& options) : Base(std::move(state), options) {}

  template <typename G, typename B>
  auto forward_on(const Executor& executor, Saved& saved, const GivenAffine<G, B>& affine) {
    return [this, executor, &saved, affine](const auto& x, const auto& r, auto& y) {
      const Shape shape = this->check_input(x);
      const auto from = this->inputs(x, r);
      const auto [values, samples] =
          affine_values<Set, Parameter>(x, affine, channels(), this->options_);
      const bool from_batch = this->takes_batch_statistics(shape, from[0].count() == 1);
      check_apart_from_affine("y", y, affine);
      const auto to = this->output("y", x, y, from);
      this->begin(saved, shape, from, from_batch, count_of(from[0]));
      saved.record_.has_affine = true;
      saved.record_.affine_sum = affine_sum(values, samples, channels());
      if (from[0].count() == 0) return;
      prepare_x_hat(executor, saved, from[0], from_batch);
      normalize_samples<Activation>(executor, this->options_, samples, saved.record_.coefficients,
                                    values, from, to, saved.work_);
      if (!from_batch) return;
      auto& work = saved.work_;
      this->move_statistics({work.mean.data(), work.m2.data(), channels(), count_of(from[0])});
    };
  }

  /// Writes dx, with a residual dresidual, dgamma and dbeta.
  template <typename G, typename B, typename Dg, typename Db>
  auto backward_on(const Executor& executor, Saved& saved, const GivenAffine<G, B>& affine,
                   Dg& dgamma, Db& dbeta) {
    return [this, executor, &saved, affine, &dgamma, &dbeta](
               const auto& x, const auto& r, const auto& dy, GradientUpdate /*one*/, auto&... out) {
      const auto from = this->saved_inputs(saved, x, r, dy, true);
      this->check_own_statistics(saved);
      saved.record_.check_unweighted();
      const auto [values, samples] =
          affine_values<Set, Parameter>(x, affine, channels(), this->options_);
      saved.record_.check_affine_sum(affine_sum(values, samples, channels()));
      check_affine_outputs(affine, from, dgamma, dbeta, out...);
      const auto to = this->gradient_outputs(x, from, out...);
      const auto gradients = affine_gradients<Parameter>(affine, dgamma, dbeta);
      saved.record_.forwards = 0;
      if (from[0].count() == 0) return;
      backward_of_samples<Activation>(executor, this->options_, samples, saved.record_.coefficients,
                                      saved.count(), values, from, to, gradients, saved.work_);
    };
  }

 private:
  /// The coefficients of x_hat.
  void prepare_x_hat(const Executor& executor, Saved& saved, const View<const Scalar>& x,
                     bool from_batch) const {
    Workspace<Parameter>& work = saved.work_;
    work.renormalizer.resize(from_batch && this->renormalizes() ? channels() : 0);
    if (!from_batch) return this->prepare_running(saved);
    work.resize(channels());
    const ChannelRange all{0, channels()};
    run_kernel<calls::RangeMoments<Scalar>>(executor, all, x, this->options_.non_finite, work.sums,
                                            work.moments());
    const RunningBefore before = this->running();
    prepare_from_batch<Parameter>(this->options_, {nullptr, nullptr, before}, count_of(x), all,
                                  saved.record_.coefficients, work);
  }
};

}  // namespace batchnorm::detail
