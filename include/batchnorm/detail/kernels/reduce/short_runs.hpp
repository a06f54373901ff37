#pragma once

#include "../../order/short_runs.hpp"
#include "row_moments.hpp"

// Short runs (order/short_runs.hpp) are summed here: lined up as rows of places, which
// row_moments.hpp sums as it sums channels, and what was summed of the places is brought to their
// channels.
namespace batchnorm::detail {

/// Mean and m2 per channel of a view with short runs.
template <typename Scalar>
void short_run_moments(const MomentsLoops<Scalar>& loops, const Executor& executor,
                       const View<const Scalar>& view, SumsWorkspace& workspace,
                       const ChannelMoments& to) {
  const View<const Scalar> row = lined_up(std::array{view})[0];
  const ChannelMoments places =
      SumsWorkspace::moments_of(workspace.runs, row.channels, to.low != nullptr);
  row_moments(loops, executor, row, LoopOrder::rows, workspace, places);
  loops.merge_runs({view.inner, view.channels}, view.outer, places, to);
}

/// Adds the sums of every place to those of its channel.
inline void add_places(const PlaceMap& map, Index places, const double* of_places,
                       double* of_channels) {
  const Index row = map.run * map.channels;
  for (Index first = 0; first < places; first += row, of_places += row) {
    if (map.run == 1) {
      add_sums(map.channels, of_channels, of_places);
    } else {
      for (Index c = 0; c < map.channels; ++c)
        for (Index i = 0; i < map.run; ++i) of_channels[c] += of_places[c * map.run + i];
    }
  }
}

}  // namespace batchnorm::detail
