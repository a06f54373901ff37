#pragma once

#include <utility>

#include "layer.hpp"

namespace batchnorm::detail {

/// What a layer that learns has of gamma and beta: the values, to be written, and their gradients.
template <typename ScalarType, typename Mode, typename... Policies>
class LearntParameters : public LayerBase<ScalarType, Mode, Policies...> {
  using Base = LayerBase<ScalarType, Mode, Policies...>;

 public:
  using typename Base::ConstVectorMap;
  using typename Base::Parameter;
  using typename Base::Scalar;
  using typename Base::Set;
  using typename Base::Vector;
  /// One value per channel in the layer's memory, writable; valid as long as the layer lives and
  /// keeps its number of channels, over `set_state` and assignment too; what moves from the layer,
  /// `std::swap` included, takes the memory along.
  using VectorMap = Eigen::Map<Vector>;
  using Base::beta;
  using Base::channels;
  using Base::gamma;

  /// Learnt scale: writable, not resizable.
  template <typename A = typename Set::Affine>
  VectorMap gamma() {
    static_assert(A::has_gamma,
                  "batchnorm: this layer has no gamma (it is 1): use ScaleAndShift or ScaleOnly.");
    return VectorMap(this->state_.gamma.data(), channels());
  }

  /// Learnt shift: writable, not resizable.
  template <typename A = typename Set::Affine>
  VectorMap beta() {
    static_assert(A::has_beta,
                  "batchnorm: this layer has no beta (it is 0): use ScaleAndShift or ShiftOnly.");
    return VectorMap(this->state_.beta.data(), channels());
  }

  /// Gradient of the loss with respect to gamma, from the last backward; 0 before the first.
  template <typename A = typename Set::Affine>
  ConstVectorMap gamma_gradient() const {
    static_assert(A::has_gamma, "batchnorm: this layer has no gamma, and no gradient of it.");
    return ConstVectorMap(gamma_gradient_.data(), channels());
  }

  /// Gradient of the loss with respect to beta, from the last backward; 0 before the first.
  template <typename A = typename Set::Affine>
  ConstVectorMap beta_gradient() const {
    static_assert(A::has_beta, "batchnorm: this layer has no beta, and no gradient of it.");
    return ConstVectorMap(beta_gradient_.data(), channels());
  }

  /// Calls `visit(parameter, gradient)` for gamma and then for beta, where the layer has them: a
  /// `VectorMap` and a `ConstVectorMap` each, which an optimiser may keep.
  template <typename Visit>
  void for_each_parameter(const Visit& visit) {
    if constexpr (Affine::has_gamma) visit(gamma(), gamma_gradient());
    if constexpr (Affine::has_beta) visit(beta(), beta_gradient());
  }

 protected:
  using typename Base::Affine;
  using typename Base::Stored;

  LearntParameters(Stored state, const Options& options)
      : Base(std::move(state), options),
        gamma_gradient_(channels(), Parameter(0)),
        beta_gradient_(channels(), Parameter(0)) {}

  /// Of sums over g and over g * x_hat, one of each per channel.
  void write_gradients(GradientUpdate update, const double* sum, const double* product) {
    if (update == GradientUpdate::inputs_only) return;
    const bool add = update == GradientUpdate::accumulate;
    const Index all = channels();
    run_kernel<calls::WriteGradient<Parameter>>(product, all, add, gamma_gradient_.data());
    run_kernel<calls::WriteGradient<Parameter>>(sum, all, add, beta_gradient_.data());
  }

 private:
  [[no_unique_address]] ChannelVector<Parameter, ChannelsAmong<Policies...>::count,
                                      Affine::has_gamma, 5>
      gamma_gradient_;
  [[no_unique_address]] ChannelVector<Parameter, ChannelsAmong<Policies...>::count,
                                      Affine::has_beta, 6>
      beta_gradient_;
};

}  // namespace batchnorm::detail
