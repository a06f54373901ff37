#pragma once

#include "passes.hpp"

// Both passes of a call whose samples weigh (sample_weights.hpp).
namespace batchnorm::detail {

template <typename Scalar, typename Activation, bool HasResidual>
struct Step<calls::WeightedForward<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const Options& options,
                  const ArithmeticOf<Scalar>* gamma, const ArithmeticOf<Scalar>* beta,
                  const RunningBefore& before, const Weights<ArithmeticOf<Scalar>>& weights,
                  double total, const calls::Inputs<Scalar, HasResidual>& from,
                  const View<Scalar>& y, ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  Workspace<ArithmeticOf<Scalar>>& work) {
    const ForwardParameters<ArithmeticOf<Scalar>> given{gamma, beta, before};
    run_kernel<calls::ChunkWeights<Scalar>>(from[0], weights, work.weights);
    forward_in_parts<Activation, HasResidual>(
        executor, options, given, total, from, y, k, work,
        [&](const Executor& on, const ChannelRange& range, SumsWorkspace& sums) {
          run_kernel<calls::WeightedMoments<Scalar>>(on, range, from[0], weights, work.weights,
                                                     sums, work.moments());
        });
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Step<calls::WeightedBackward<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const Options& options,
                  const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const Weights<ArithmeticOf<Scalar>>& weights, double total,
                  const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to,
                  Workspace<ArithmeticOf<Scalar>>& work) {
    backward_in_parts<calls::WeightedParameterGradients<Scalar, Activation, HasResidual>>(
        executor, options, k, from, to, work, [&](const Executor& on, const CallPart& part) {
          if (total > 0.0) {
            run_kernel<calls::PrepareBatchGradient<ArithmeticOf<Scalar>>>(k, total, part.range,
                                                                          work.gradient);
          } else {
            work.gradient.through_nothing(part.range);
          }
          run_kernel<calls::WeightedBatchGradient<Scalar, Activation, HasResidual>>(
              on, k, work.gradient, part, weights, from, to);
        });
  }
};

}  // namespace batchnorm::detail
