#ifndef BATCHNORM_KERNELS_GIVEN_KERNELS
#define BATCHNORM_KERNELS_GIVEN_KERNELS

#include "reduce/weight_totals.hpp"
#include "reduce/weighted_batch.hpp"
#include "reduce/weighted_moments.hpp"
#include "target_kernels.hpp"
#include "transform/second_gradient.hpp"
#include "transform/weighted.hpp"

// The calls of what a user may give beside x: weights of samples, gamma and beta, and what backward
// gave.
namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename Scalar>
struct Kernel<calls::TotalWeights<Scalar>> {
  static void run(const Weights<Scalar>& weights, const Chunk& chunk, WeightTotals& totals) {
    totals = WeightTotalsKernel<Scalar>().of(weights, chunk);
  }
};

template <typename Scalar>
struct Kernel<calls::ChunkWeights<Scalar>> {
  static void run(const View<const Scalar>& x, const Weights<ArithmeticOf<Scalar>>& weights,
                  ChannelArray<double>& totals) {
    sum_chunks(&sum_of_weights<ArithmeticOf<Scalar>>, WeightedView<Scalar>(x, weights), totals);
  }
};

template <typename Scalar>
struct Kernel<calls::WeightedMoments<Scalar>> {
  static void run(const Executor& executor, const ChannelRange& range, const View<const Scalar>& x,
                  const Weights<ArithmeticOf<Scalar>>& weights, const ChannelArray<double>& totals,
                  SumsWorkspace& workspace, const ChannelMoments& to) {
    const WeightedLoops<Scalar> loops{WeightedChunk<Scalar, ArithmeticOf<Scalar>>::most_channels,
                                      &sum_weighted_moments<Scalar>, &merge_moments};
    weighted_moments(loops, executor, WeightedView<Scalar>(range.of(x), weights), totals.data(),
                     workspace, to.from(range.begin));
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Kernel<calls::WeightedParameterGradients<Scalar, Activation, HasResidual>>
    : SumsKernel<GradientKernel<Scalar, Activation, HasResidual, true>> {};

template <typename Scalar>
struct Kernel<calls::ModulateCoefficients<Scalar>> {
  static void run(const ChannelCoefficients<Scalar>& of_x_hat, const Scalar* gamma,
                  const Scalar* beta, const double* r, const double* d,
                  ChannelCoefficients<Scalar>& to) {
    modulate_coefficients(of_x_hat, gamma, beta, r, d, to);
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Kernel<calls::ConditionalGradient<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const ChannelCoefficients<ArithmeticOf<Scalar>>& of_x_hat,
                  const GradientCoefficients<ArithmeticOf<Scalar>>& gradient, const CallPart& part,
                  const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to) {
    using Gradient = ConditionalGradient<Scalar, Activation, HasResidual>;
    const Gradient operation{{normalization<Scalar, Activation, HasResidual>(k, part.range),
                              gradient.offset.data(), gradient.slope.data()},
                             of_x_hat.scale.data()};
    const ViewsOfTransform<Gradient> views{from, to};
    transform(executor, operation,
              plan_transform(views, part.around_caches, lanes<WidePacket<Gradient>>));
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Kernel<calls::WeightedBatchGradient<Scalar, Activation, HasResidual>> {
  using Gradient = BatchGradient<Scalar, Activation, HasResidual>;

  static void run(const Executor& executor, const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const GradientCoefficients<ArithmeticOf<Scalar>>& gradient, const CallPart& part,
                  const Weights<ArithmeticOf<Scalar>>& weights,
                  const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to) {
    const Gradient operation{normalization<Scalar, Activation, HasResidual>(k, part.range),
                             gradient.offset.data() + part.range.begin,
                             gradient.slope.data() + part.range.begin};
    const ViewsOfTransform<Gradient> views{part.range.of(from), part.range.of(to)};
    if (k.units.wanted()) {
      const auto* unit = k.units.unit.data() + part.range.begin;
      return transform_weighted_elements<Gradient>(operation, weights, unit, {views});
    }
    WeightedTransform<Gradient>(operation, weights, views, part.around_caches).run(executor);
  }
};

template <typename Scalar>
struct Kernel<calls::SecondGradient<Scalar>> {
  static void run(const Executor& executor, const ChannelArray<ArithmeticOf<Scalar>>& centre,
                  const SecondCoefficients<ArithmeticOf<Scalar>>& factors, const CallPart& part,
                  const std::array<View<const Scalar>, 3>& from,
                  const std::array<View<Scalar>, 2>& to) {
    SecondGradient<Scalar> operation{centre.data(), {}};
    for (std::size_t j = 0; j < operation.factors.size(); ++j)
      operation.factors[j] = factors.values[j].data();
    const ViewsOfTransform<SecondGradient<Scalar>> views{from, to};
    transform(executor, operation,
              plan_transform(views, part.around_caches, lanes<MapPacketOf<Scalar>>));
  }
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
