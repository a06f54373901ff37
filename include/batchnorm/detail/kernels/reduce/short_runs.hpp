#ifndef BATCHNORM_REDUCE_SHORT_RUNS
#define BATCHNORM_REDUCE_SHORT_RUNS

#include "../../order/short_runs.hpp"
#include "row_moments.hpp"

// Short runs (order/short_runs.hpp) are summed here: lined up as rows of places, which
// row_moments.hpp sums as it sums channels, and what was summed of the places is brought to their
// channels.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// Merges the moments of `count` values of each place of a run into those of its channel. Equal
/// means are merged to themselves.
inline void merge_runs(const PlaceMap& map, Index count, const ChannelMoments& places,
                       const ChannelMoments& to) {
  const bool has_low = to.low != nullptr;
  for (Index c = 0; c < map.channels; ++c) {
    const ChannelMoments run = places.from(c * map.run);
    const auto from_first = [&](Index i) {
      return run.mean[i] - run.mean[0] + (has_low ? run.low[i] - run.low[0] : 0.0);
    };
    double sum = 0;
    for (Index i = 1; i < map.run; ++i) sum += from_first(i);
    const double shift = sum / static_cast<double>(map.run);
    double squares = 0;
    double within = 0;
    for (Index i = 0; i < map.run; ++i) {
      const double deviation = from_first(i) - shift;
      squares = multiply_add(deviation, deviation, squares);
      within += run.m2[i];
    }
    to.m2[c] = multiply_add(static_cast<double>(count), squares, within);
    const auto mean = two_sum(run.mean[0], shift + (has_low ? run.low[0] : 0.0));
    to.mean[c] = mean.sum;
    if (has_low) to.low[c] = mean.rest;
  }
}

/// Mean and m2 per channel of a view with short runs.
template <typename Scalar>
void short_run_moments(const Executor& executor, const View<const Scalar>& view,
                       SumsWorkspace& workspace, const ChannelMoments& to) {
  const View<const Scalar> row = lined_up(std::array{view})[0];
  const ChannelMoments places =
      SumsWorkspace::moments_of(workspace.runs, row.channels, to.low != nullptr);
  row_moments(executor, row, LoopOrder::rows, workspace, places);
  merge_runs({view.inner, view.channels}, view.outer, places, to);
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

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
