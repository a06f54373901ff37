#pragma once

#include <array>

#include "../../options.hpp"
#include "../../scalar.hpp"
#include "../order/call_parts.hpp"
#include "../order/weights.hpp"
#include "../run/run.hpp"
#include "formulas/coefficients.hpp"
#include "reduce/channel_moments.hpp"
#include "reduce/workspace.hpp"

// What a layer asks of the kernels, on views that were checked: every mode is a composition of
// these calls. Each is a type, so that one function finds the code for any of them
// (kernels.hpp); what it does stands in target_kernels.hpp, once per instruction set.
namespace batchnorm::detail::calls {

/// x, or x and a residual.
template <typename Scalar, bool HasResidual>
using Inputs = std::array<View<const Scalar>, HasResidual ? 2 : 1>;

/// x and dy, or x, dy and a residual.
template <typename Scalar, bool HasResidual>
using GradientInputs = std::array<View<const Scalar>, HasResidual ? 3 : 2>;

/// dx, or dx and dresidual.
template <typename Scalar, bool HasResidual>
using Gradients = std::array<View<Scalar>, HasResidual ? 2 : 1>;

/// Mean and m2 of some channels, into their places.
template <typename Scalar>
struct RangeMoments {
  using Signature = void(const Executor& executor, const ChannelRange& range,
                         const View<const Scalar>& x, NonFinite non_finite,
                         SumsWorkspace& workspace, const ChannelMoments& to);
};

/// What the weights of a chunk come to.
template <typename Scalar>
struct TotalWeights {
  using Signature = void(const Weights<Scalar>& weights, const Chunk& chunk, WeightTotals& totals);
};

/// The weights of the chunks in which x is summed, which `WeightedMoments` of any channels takes.
template <typename Scalar>
struct ChunkWeights {
  using Signature = void(const View<const Scalar>& x, const Weights<ArithmeticOf<Scalar>>& weights,
                         ChannelArray<double>& totals);
};

/// Mean and m2 of some channels where every position has a weight, which says how much its values
/// count.
template <typename Scalar>
struct WeightedMoments {
  using Signature = void(const Executor& executor, const ChannelRange& range,
                         const View<const Scalar>& x, const Weights<ArithmeticOf<Scalar>>& weights,
                         const ChannelArray<double>& totals, SumsWorkspace& workspace,
                         const ChannelMoments& to);
};

/// Makes `a` the moments of the values of both.
struct MergeMoments {
  using Signature = void(Index channels, double count_a, const ChannelMoments& a, double count_b,
                         const GivenMoments& b);
};

/// Whether the moments of all channels are finite.
struct FindAllFinite {
  using Signature = void(const double* mean, const double* m2, Index channels, bool& all_finite);
};

/// Moves the running statistics of some channels.
struct MoveRunning {
  using Signature = void(const RunningUpdate& by, const ChannelRange& range, double old_weight,
                         double new_weight);
};

/// Fills a range of `k`, which has its size.
template <typename Scalar>
struct PrepareCoefficients {
  using Signature = void(const Statistics<Scalar>& statistics, const ChannelRange& range,
                         ChannelCoefficients<Scalar>& k);
};

/// Fills `to`, which has its size, with the coefficients of gamma * (r * x_hat + d) + beta, from
/// those of x_hat; r and d may be null for 1 and 0.
template <typename Scalar>
struct ModulateCoefficients {
  using Signature = void(const ChannelCoefficients<Scalar>& of_x_hat, const Scalar* gamma,
                         const Scalar* beta, const double* r, const double* d,
                         ChannelCoefficients<Scalar>& to);
};

/// y = activation(bn(x) [+ residual]) with prepared coefficients.
template <typename Scalar, typename Activation, bool HasResidual>
struct Normalize {
  using Signature = void(const Executor& executor,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& k, const CallPart& part,
                         const Inputs<Scalar, HasResidual>& from, const View<Scalar>& y);
};

/// The sums that are the gradients of beta and gamma, into `gradient.sum` and `gradient.product`;
/// `gradient` has its size.
template <typename Scalar, typename Activation, bool HasResidual>
struct ParameterGradients {
  using Signature = void(const Executor& executor,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                         const ChannelRange& range, const GradientInputs<Scalar, HasResidual>& from,
                         SumsWorkspace& workspace,
                         GradientCoefficients<ArithmeticOf<Scalar>>& gradient);
};

/// The same where elements whose dy is 0 add nothing, whatever x is there.
template <typename Scalar, typename Activation, bool HasResidual>
struct WeightedParameterGradients {
  using Signature = typename ParameterGradients<Scalar, Activation, HasResidual>::Signature;
};

/// What `BatchGradient` needs of a range's sums, of `count` values per channel.
template <typename Scalar>
struct PrepareBatchGradient {
  using Signature = void(const ChannelCoefficients<Scalar>& k, double count,
                         const ChannelRange& range, GradientCoefficients<Scalar>& gradient);
};

/// dx (and dresidual) through the batch statistics.
template <typename Scalar, typename Activation, bool HasResidual>
struct BatchGradient {
  using Signature = void(const Executor& executor,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                         const GradientCoefficients<ArithmeticOf<Scalar>>& gradient,
                         const CallPart& part, const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to);
};

/// The same where gamma and beta are of this sample, in `k`, and what goes through the statistics
/// of all samples, in `gradient`, is scaled as x_hat is.
template <typename Scalar, typename Activation, bool HasResidual>
struct ConditionalGradient {
  using Signature = void(const Executor& executor,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& of_x_hat,
                         const GradientCoefficients<ArithmeticOf<Scalar>>& gradient,
                         const CallPart& part, const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to);
};

/// dx (and dresidual) through the batch statistics where every position has a weight in them.
template <typename Scalar, typename Activation, bool HasResidual>
struct WeightedBatchGradient {
  using Signature = void(const Executor& executor,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                         const GradientCoefficients<ArithmeticOf<Scalar>>& gradient,
                         const CallPart& part, const Weights<ArithmeticOf<Scalar>>& weights,
                         const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to);
};

/// dx (and dresidual) where the statistics are constants.
template <typename Scalar, typename Activation, bool HasResidual>
struct AffineGradient {
  using Signature = void(const Executor& executor,
                         const ChannelCoefficients<ArithmeticOf<Scalar>>& k, const CallPart& part,
                         const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to);
};

/// The same of one value per channel, which is seldom and little.
template <typename Scalar, typename Activation, bool HasResidual>
struct AffineGradientOfFew {
  using Signature = void(const ChannelCoefficients<ArithmeticOf<Scalar>>& k, const CallPart& part,
                         const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to);
};

/// The map of a second backward: from x, dy and v to the gradients with respect to x and dy.
template <typename Scalar>
struct SecondGradient {
  using Signature = void(const Executor& executor, const ChannelArray<ArithmeticOf<Scalar>>& centre,
                         const SecondCoefficients<ArithmeticOf<Scalar>>& factors,
                         const CallPart& part, const std::array<View<const Scalar>, 3>& from,
                         const std::array<View<Scalar>, 2>& to);
};

/// gradient = sums, or gradient += sums; `gradient` may be null.
template <typename Scalar>
struct WriteGradient {
  using Signature = void(const double* sums, Index channels, bool add_to, Scalar* gradient);
};

}  // namespace batchnorm::detail::calls
