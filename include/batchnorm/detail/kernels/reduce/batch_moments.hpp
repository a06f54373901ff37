#ifndef BATCHNORM_REDUCE_BATCH_MOMENTS
#define BATCHNORM_REDUCE_BATCH_MOMENTS

#include <array>

#include "short_runs.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Mean and m2 per channel of everything in `view`. Needs at least one value per channel, and of
/// values in double a place for the low part of their mean.
template <typename Scalar>
void batch_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                   SumsWorkspace& workspace, const ChannelMoments& to) {
  if (has_short_runs(std::array{view}, order, lanes<PacketOf<Scalar>>)) {
    short_run_moments(executor, view, workspace, to);
  } else {
    row_moments(executor, view, order, workspace, to);
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
