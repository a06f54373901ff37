#pragma once

#include <array>

#include "../../../options.hpp"
#include "not_finite.hpp"
#include "short_runs.hpp"

namespace batchnorm::detail {

/// Mean and m2 per channel of everything in `view`. Needs at least one value per channel, and of
/// values in double a place for the low part of their mean.
template <typename Scalar>
void batch_moments(const MomentsLoops<Scalar>& loops, const Executor& executor,
                   const View<const Scalar>& view, LoopOrder order, SumsWorkspace& workspace,
                   const ChannelMoments& to) {
  if (has_short_runs(std::array{view}, order, loops.packet)) {
    short_run_moments(loops, executor, view, workspace, to);
  } else {
    row_moments(loops, executor, view, order, workspace, to);
  }
}

/// Mean and m2 of some channels, into their places.
template <typename Scalar>
void range_moments(const MomentsLoops<Scalar>& loops, const Executor& executor,
                   const ChannelRange& range, const View<const Scalar>& x, NonFinite non_finite,
                   SumsWorkspace& workspace, const ChannelMoments& to) {
  View<const Scalar> some = range.of(x);
  const LoopOrder order = arrange(some);
  workspace.make_room(executor, some, order, Index{moments_sums<Scalar>}, loops.packet);
  batch_moments(loops, executor, some, order, workspace, to.from(range.begin));
  if (non_finite == NonFinite::propagate) settle_not_finite(some, to.from(range.begin));
}

}  // namespace batchnorm::detail
