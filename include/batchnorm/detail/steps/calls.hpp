#pragma once

#include <cstdint>

#include "../kernels/kernels.hpp"
#include "workspace.hpp"

// What a training layer asks of its steps; see kernels/calls.hpp.
namespace batchnorm::detail {

/// The statistics of a batch of `count` values per channel, or of so much weight.
struct BatchStatistics {
  const double* mean;
  const double* m2;
  Index channels;
  double count;
};

/// The running statistics of a layer, which have seen `batches` batches; `values` per channel where
/// they are a pool of these, or null.
struct RunningState {
  double* mean;
  double* variance;
  std::int64_t* rejected;
  double* values;
  std::int64_t batches;
};

namespace calls {

/// y = activation(bn(x) [+ residual]) with the statistics of x, which stay in `work`. `work` and
/// `k` have their size; `gamma` and `beta` may be null, and `before`, unless `work` renormalises.
template <typename Scalar, typename Activation, bool HasResidual>
struct BatchForward {
  using Signature = void(const Executor& executor, const Options& options,
                         const ArithmeticOf<Scalar>* gamma, const ArithmeticOf<Scalar>* beta,
                         const RunningBefore& before, const Inputs<Scalar, HasResidual>& from,
                         const View<Scalar>& y, ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                         Workspace<ArithmeticOf<Scalar>>& work);
};

/// The same with the statistics of x where every position has a weight, `total` together.
template <typename Scalar, typename Activation, bool HasResidual>
struct WeightedForward {
  using Signature = void(const Executor& executor, const Options& options,
                         const ArithmeticOf<Scalar>* gamma, const ArithmeticOf<Scalar>* beta,
                         const RunningBefore& before, const Weights<ArithmeticOf<Scalar>>& weights,
                         double total, const Inputs<Scalar, HasResidual>& from,
                         const View<Scalar>& y, ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                         Workspace<ArithmeticOf<Scalar>>& work);
};

/// dx (and dresidual) through the statistics of x, and the sums that are the gradients of the
/// parameters, into `work.gradient`, which has its size.
template <typename Scalar, typename Activation, bool HasResidual>
struct BatchBackward {
  using Signature = void(const Executor& executor, const Options& options,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                         const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to,
                         Workspace<ArithmeticOf<Scalar>>& work);
};

/// The same through statistics in which every position has a weight, `total` together. Where that
/// is 0, the statistics are constants.
template <typename Scalar, typename Activation, bool HasResidual>
struct WeightedBackward {
  using Signature = void(const Executor& executor, const Options& options,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                         const Weights<ArithmeticOf<Scalar>>& weights, double total,
                         const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to,
                         Workspace<ArithmeticOf<Scalar>>& work);
};

/// The same where the statistics are constants.
template <typename Scalar, typename Activation, bool HasResidual>
struct ConstantBackward {
  using Signature = typename BatchBackward<Scalar, Activation, HasResidual>::Signature;
};

/// The same of one value per channel, which is seldom and little.
template <typename Scalar, typename Activation, bool HasResidual>
struct BackwardOfFew {
  using Signature = typename BatchBackward<Scalar, Activation, HasResidual>::Signature;
};

/// Moves the running statistics of every channel by a batch (Ioffe and Szegedy 2015, algorithm 2,
/// line 10); a channel that is not finite stays and is counted, unless the options say otherwise.
struct UpdateRunning {
  using Signature = void(const BatchStatistics& batch, const Options& options,
                         const RunningState& running);
};

}  // namespace calls

/// What does `Call`.
template <typename Call>
struct Step;

}  // namespace batchnorm::detail
