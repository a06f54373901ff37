#pragma once

#include "calls.hpp"

namespace batchnorm::detail {

/// What a pass normalises with beside its statistics; `gamma` and `beta` may be null.
template <typename Scalar>
struct ForwardParameters {
  const Scalar* gamma;
  const Scalar* beta;
  const RunningBefore& before;
};

/// The coefficients of some channels of a batch of `count` values, whose moments are in `work`.
template <typename Scalar>
void prepare_from_batch(const Options& options, const ForwardParameters<Scalar>& given,
                        double count, const ChannelRange& range, ChannelCoefficients<Scalar>& k,
                        Workspace<Scalar>& work) {
  const double share = 1.0 / count;
  const ChannelMoments moments = work.moments();
  Renormalizer& renormalizer = work.renormalizer;
  if (renormalizer.is_on())
    renormalizer.compare(range, moments.mean, moments.m2, share, given.before, options);
  const Statistics<Scalar> of_batch{moments.mean,
                                    moments.low,
                                    moments.m2,
                                    share,
                                    given.gamma,
                                    given.beta,
                                    options.epsilon,
                                    renormalizer.r_or_null(),
                                    renormalizer.d_or_null()};
  run_kernel<calls::PrepareCoefficients<Scalar>>(of_batch, range, k);
}

}  // namespace batchnorm::detail
