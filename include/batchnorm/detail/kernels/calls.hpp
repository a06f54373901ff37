#ifndef BATCHNORM_KERNELS_CALLS
#define BATCHNORM_KERNELS_CALLS

#include "../../options.hpp"
#include "../order/call_parts.hpp"
#include "formulas/formulas.hpp"
#include "formulas/running.hpp"
#include "reduce/batch_gradients.hpp"
#include "reduce/batch_moments.hpp"
#include "reduce/sum_loops.hpp"
#include "transform/elements.hpp"
#include "transform/operations.hpp"
#include "transform/transform.hpp"

// The steps of a layer's calls on views that were checked, for one instruction set: every mode is a
// composition of them.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// Maps every element of some channels, one by one.
template <typename Operation>
void transform_part_by_elements(const Operation& operation,
                                const ChannelUnits<typename Operation::Scalar>& units,
                                const CallPart& part, const ViewsOfTransform<Operation>& views) {
  const auto* unit = units.wanted() ? units.unit.data() + part.range.begin : nullptr;
  transform_elements<Operation>(operation, unit, {views.of(part.range)});
}

/// Maps every element of some channels.
template <typename Operation>
void transform_part(const Executor& executor, const Operation& operation,
                    const ChannelUnits<typename Operation::Scalar>& units, const CallPart& part,
                    const ViewsOfTransform<Operation>& views) {
  if (units.wanted()) return transform_part_by_elements(operation, units, part, views);
  transform(executor, operation,
            plan_transform(views.of(part.range), part.around_caches, lanes<WidePacket<Operation>>));
}

template <typename Activation, std::size_t Inputs, typename Scalar>
Normalize<Scalar, Activation, Inputs == 2> normalization(const ChannelCoefficients<Scalar>& k,
                                                         const ChannelRange& range) {
  const auto& scale = k.units.wanted() ? k.units.scale_per_unit : k.scale;
  return {k.centre.data() + range.begin, scale.data() + range.begin, k.shift.data() + range.begin};
}

/// The kernels of one instruction set: what a call below the view is made of. A type, so that the
/// choice between two is made in one place.
struct Kernels {
  static constexpr const char* target = BATCHNORM_TARGET_NAME;

  /// y = activation(bn(x) [+ residual]) with prepared coefficients.
  template <typename Activation, typename Scalar, std::size_t Inputs>
  static void normalize(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                        const CallPart& part, const std::array<View<const Scalar>, Inputs>& from,
                        const View<Scalar>& y) {
    const VectorScope scope;
    transform_part(executor, normalization<Activation, Inputs>(k, part.range), k.units, part,
                   {from, {y}});
  }

  /// dx (and dresidual) where the statistics are constants.
  template <typename Activation, typename Scalar, std::size_t Inputs, std::size_t Outputs>
  static void affine_gradient(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                              const CallPart& part,
                              const std::array<View<const Scalar>, Inputs>& from,
                              const std::array<View<Scalar>, Outputs>& to) {
    const VectorScope scope;
    const AffineGradient<Scalar, Activation, Inputs == 3> operation{
        normalization<Activation, Inputs - 1>(k, part.range)};
    transform_part(executor, operation, k.units, part, {from, to});
  }

  /// The same of one value per channel, which is seldom and little.
  template <typename Activation, typename Scalar, std::size_t Inputs, std::size_t Outputs>
  static void affine_gradient_of_few(const ChannelCoefficients<Scalar>& k, const CallPart& part,
                                     const std::array<View<const Scalar>, Inputs>& from,
                                     const std::array<View<Scalar>, Outputs>& to) {
    const VectorScope scope;
    const AffineGradient<Scalar, Activation, Inputs == 3> operation{
        normalization<Activation, Inputs - 1>(k, part.range)};
    transform_part_by_elements(operation, k.units, part, {from, to});
  }

  /// dx (and dresidual) through the batch statistics.
  template <typename Activation, typename Scalar, std::size_t Inputs, std::size_t Outputs>
  static void batch_gradient(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                             const GradientCoefficients<Scalar>& gradient, const CallPart& part,
                             const std::array<View<const Scalar>, Inputs>& from,
                             const std::array<View<Scalar>, Outputs>& to) {
    const VectorScope scope;
    const BatchGradient<Scalar, Activation, Inputs == 3> operation{
        normalization<Activation, Inputs - 1>(k, part.range),
        gradient.offset.data() + part.range.begin, gradient.slope.data() + part.range.begin};
    transform_part(executor, operation, k.units, part, {from, to});
  }

  /// The sums that are the gradients of beta and gamma, into `gradient.sum` and `gradient.product`;
  /// `gradient` has its size.
  template <typename Activation, typename Scalar, std::size_t Inputs>
  static void parameter_gradients(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                                  const ChannelRange& range,
                                  const std::array<View<const Scalar>, Inputs>& from,
                                  SumsWorkspace& workspace,
                                  GradientCoefficients<Scalar>& gradient) {
    const VectorScope scope;
    using Kernel = GradientKernel<Scalar, Activation, Inputs == 3>;
    prepare_units(k, range, gradient);
    const GradientReduction<Scalar, Inputs> sums{gradient_loops<Kernel>(),
                                                 {gradient.unit.data() + range.begin,
                                                  gradient.centre_units.data() + range.begin,
                                                  gradient.scale_per_unit.data() + range.begin,
                                                  k.shift.data() + range.begin,
                                                  {1, range.size()}}};
    range_gradients(executor, sums, range, from, workspace, gradient.sum.data(),
                    gradient.product.data());
    normalize_products(k, range, gradient);
  }

  /// Mean and m2 of some channels, into their places.
  template <typename Scalar>
  static void range_moments(const Executor& executor, const ChannelRange& range,
                            const View<const Scalar>& x, NonFinite non_finite,
                            SumsWorkspace& workspace, const ChannelMoments& to) {
    const VectorScope scope;
    detail::range_moments(moments_loops<Scalar>(), executor, range, x, non_finite, workspace, to);
  }

  template <typename Scalar>
  static void prepare_coefficients(const Statistics<Scalar>& statistics, const ChannelRange& range,
                                   ChannelCoefficients<Scalar>& k) {
    const VectorScope scope;
    kernels::prepare_coefficients(statistics, range, k);
  }

  template <typename Scalar>
  static void prepare_batch_gradient(const ChannelCoefficients<Scalar>& k, Index count,
                                     const ChannelRange& range,
                                     GradientCoefficients<Scalar>& gradient) {
    const VectorScope scope;
    kernels::prepare_batch_gradient(k, count, range, gradient);
  }

  template <typename Scalar>
  static void write_gradient(const ChannelArray<double>& sums, bool add_to, Scalar* gradient) {
    const VectorScope scope;
    kernels::write_gradient(sums.data(), sums.size(), add_to, gradient);
  }

  static void move_running(const RunningUpdate& by, const ChannelRange& range, double old_weight,
                           double new_weight) {
    const VectorScope scope;
    kernels::move_running(by, range, old_weight, new_weight);
  }

  static void merge_moments(Index channels, Index count_a, const ChannelMoments& a, Index count_b,
                            const ChannelMoments& b) {
    const VectorScope scope;
    kernels::merge_moments(channels, count_a, a, count_b, b);
  }
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
