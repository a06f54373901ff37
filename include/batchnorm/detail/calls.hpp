#pragma once

#include <bit>
#include <cstdint>

#include "batch_gradients.hpp"
#include "batch_moments.hpp"
#include "formulas.hpp"
#include "operations.hpp"
#include "shape_checks.hpp"
#include "transform.hpp"

// The steps of a layer's calls on views that were checked: every mode is a composition of them.
namespace batchnorm::detail {

template <typename Scalar, std::size_t N, std::size_t M>
LoopOrder arrange_all(std::array<View<const Scalar>, N>& from, std::array<View<Scalar>, M>& to) {
  return [&]<std::size_t... I, std::size_t... J>(std::index_sequence<I...>,
                                                 std::index_sequence<J...>) {
    return arrange(from[I]..., to[J]...);
  }
  (std::make_index_sequence<N>{}, std::make_index_sequence<M>{});
}

/// Arranges the views together, all in the same way, and maps every element.
template <typename Executor, typename Operation>
void transform_views(const Executor& executor, const Operation& operation,
                     InputViews<Operation> from, OutputViews<Operation> to) {
  const LoopOrder order = arrange_all(from, to);
  transform(executor, operation, order, from, to);
}

/// y = activation(bn(x) [+ residual]) with prepared coefficients.
template <typename Activation, typename Executor, typename Scalar, std::size_t Inputs>
void normalize(const Executor& executor, const ChannelCoefficients<Scalar>& k,
               const std::array<View<const Scalar>, Inputs>& from, const View<Scalar>& y) {
  const Normalize<Scalar, Activation, Inputs == 2> operation{k.centre.data(), k.scale.data(),
                                                             k.shift.data()};
  transform_views(executor, operation, from, {y});
}

/// dx (and dresidual) where the statistics are constants.
template <typename Activation, typename Executor, typename Scalar, std::size_t Inputs,
          std::size_t Outputs>
void affine_gradient(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                     const std::array<View<const Scalar>, Inputs>& from,
                     const std::array<View<Scalar>, Outputs>& to) {
  const AffineGradient<Scalar, Activation, Inputs == 3> operation{
      {k.centre.data(), k.scale.data(), k.shift.data()}};
  transform_views(executor, operation, from, to);
}

template <typename Scalar>
NormalizedChannels<Scalar> normalized_channels(const ChannelCoefficients<Scalar>& k,
                                               const GradientCoefficients<Scalar>& gradient) {
  return {k.centre.data(), k.scale.data(), k.shift.data(), gradient.unit.data()};
}

/// dx (and dresidual) through the batch statistics.
template <typename Activation, typename Executor, typename Scalar, std::size_t Inputs,
          std::size_t Outputs>
void batch_gradient(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                    const GradientCoefficients<Scalar>& gradient,
                    const std::array<View<const Scalar>, Inputs>& from,
                    const std::array<View<Scalar>, Outputs>& to) {
  const BatchGradient<Scalar, Activation, Inputs == 3> operation{
      normalized_channels(k, gradient), gradient.offset.data(), gradient.slope.data()};
  transform_views(executor, operation, from, to);
}

/// The sums that are the gradients of beta and gamma, into `gradient.sum` and `gradient.product`.
template <typename Activation, typename Executor, typename Scalar, std::size_t Inputs>
void parameter_gradients(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                         std::array<View<const Scalar>, Inputs> from,
                         std::vector<double>& workspace, GradientCoefficients<Scalar>& gradient) {
  std::array<View<Scalar>, 0> nothing;
  const Index channels = from[0].channels;
  const LoopOrder order = arrange_all(from, nothing);
  gradient.resize(channels);
  prepare_units(k, gradient);
  const GradientKernel<Scalar, Activation, Inputs == 3> kernel{normalized_channels(k, gradient)};
  batch_gradients(executor, kernel, from, order, workspace, ArrayMap(gradient.sum.data(), channels),
                  ArrayMap(gradient.product.data(), channels));
  normalize_products(k, gradient);
}

/// One value per channel, from the middle of x, where padding is least likely: what `backward`
/// compares to tell another x from the one that forward saw.
template <typename Scalar>
Scalar probe(const View<const Scalar>& x, Index channel) {
  return x(x.outer / 2, channel, x.inner / 2);
}

/// Whether two values are the same, two NaNs with equal bits included.
template <typename Scalar>
bool same_bits(Scalar a, Scalar b) {
  using Bits = std::conditional_t<sizeof(Scalar) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b);
}

}  // namespace batchnorm::detail
