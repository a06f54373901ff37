#pragma once

#include <array>

#include "../../options.hpp"
#include "../order/call_parts.hpp"
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

/// Makes `a` the moments of the values of both.
struct MergeMoments {
  using Signature = void(Index channels, Index count_a, const ChannelMoments& a, Index count_b,
                         const ChannelMoments& b);
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

/// y = activation(bn(x) [+ residual]) with prepared coefficients.
template <typename Scalar, typename Activation, bool HasResidual>
struct Normalize {
  using Signature = void(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                         const CallPart& part, const Inputs<Scalar, HasResidual>& from,
                         const View<Scalar>& y);
};

/// The sums that are the gradients of beta and gamma, into `gradient.sum` and `gradient.product`;
/// `gradient` has its size.
template <typename Scalar, typename Activation, bool HasResidual>
struct ParameterGradients {
  using Signature = void(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                         const ChannelRange& range, const GradientInputs<Scalar, HasResidual>& from,
                         SumsWorkspace& workspace, GradientCoefficients<Scalar>& gradient);
};

/// What `BatchGradient` needs of a range's sums, of `count` values per channel.
template <typename Scalar>
struct PrepareBatchGradient {
  using Signature = void(const ChannelCoefficients<Scalar>& k, Index count,
                         const ChannelRange& range, GradientCoefficients<Scalar>& gradient);
};

/// dx (and dresidual) through the batch statistics.
template <typename Scalar, typename Activation, bool HasResidual>
struct BatchGradient {
  using Signature = void(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                         const GradientCoefficients<Scalar>& gradient, const CallPart& part,
                         const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to);
};

/// dx (and dresidual) where the statistics are constants.
template <typename Scalar, typename Activation, bool HasResidual>
struct AffineGradient {
  using Signature = void(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                         const CallPart& part, const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to);
};

/// The same of one value per channel, which is seldom and little.
template <typename Scalar, typename Activation, bool HasResidual>
struct AffineGradientOfFew {
  using Signature = void(const ChannelCoefficients<Scalar>& k, const CallPart& part,
                         const GradientInputs<Scalar, HasResidual>& from,
                         const Gradients<Scalar, HasResidual>& to);
};

/// gradient = sums, or gradient += sums; `gradient` may be null.
template <typename Scalar>
struct WriteGradient {
  using Signature = void(const double* sums, Index channels, bool add_to, Scalar* gradient);
};

}  // namespace batchnorm::detail::calls
