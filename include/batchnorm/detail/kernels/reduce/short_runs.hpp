#pragma once

#include "../../order/short_runs.hpp"
#include "merge.hpp"

// Short runs (see order/short_runs.hpp) are summed as rows of places, by sum_rows.hpp. What was
// summed of the places is brought to their channels here.
namespace batchnorm::detail {

/// Merges the moments of `count` values of each place of a run into those of its channel. Equal
/// means are merged to themselves.
inline void merge_runs(const PlaceMap& map, Index count, const double* means, const double* m2s,
                       double* mean, double* m2) {
  for (Index c = 0; c < map.channels; ++c, means += map.run, m2s += map.run) {
    double sum = 0;
    for (Index i = 1; i < map.run; ++i) sum += means[i] - means[0];
    mean[c] = means[0] + sum / static_cast<double>(map.run);
    double squares = 0;
    double within = 0;
    for (Index i = 0; i < map.run; ++i) {
      squares += (means[i] - mean[c]) * (means[i] - mean[c]);
      within += m2s[i];
    }
    m2[c] = within + static_cast<double>(count) * squares;
  }
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
