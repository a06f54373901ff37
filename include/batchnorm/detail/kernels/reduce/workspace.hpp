#pragma once

#include <algorithm>
#include <vector>

#include "../../order/channels.hpp"
#include "../../order/joined_rows.hpp"
#include "channel_moments.hpp"
#include "tasks.hpp"

namespace batchnorm::detail {

/// Memory that reductions need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
class SumsWorkspace {
 public:
  std::vector<double> chunks;
  std::vector<double> joined;
  std::vector<double> runs;

  /// Room in `values` for the moments of `channels` channels, with a low part of the mean or
  /// without.
  static ChannelMoments moments_of(std::vector<double>& values, Index channels, bool has_low) {
    values.resize(static_cast<std::size_t>((has_low ? 3 : 2) * channels));
    double* const first = values.data();
    return {first, has_low ? first + 2 * channels : nullptr, first + channels};
  }

  /// Also for planes like those of `view` whose runs are so short that they are read as rows of
  /// places: of `sums` sums for every place and chunk. A packet has `packet` values.
  template <typename Scalar>
  void make_room(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                 std::size_t sums, Index packet) {
    if (order != LoopOrder::planes || (view.outer <= outer_ && view.channels <= channels_)) return;
    outer_ = std::max(outer_, view.outer);
    channels_ = std::max(channels_, view.channels);
    for (Index run = 2; run < packet; ++run) {
      const Index together = rows_to_join(channels_ * run, outer_);
      View<const Scalar> rows;
      rows.outer = outer_ / together;
      rows.channels = channels_ * run * together;
      rows.inner = 1;
      const auto places = static_cast<std::size_t>(rows.channels);
      const Index pieces = places_of(Chunks(rows, LoopOrder::rows), executor);
      const auto values = static_cast<std::size_t>(pieces) * places * sums;
      chunks.reserve(std::max(chunks.capacity(), values));
      joined.reserve(std::max(joined.capacity(), 3 * places));
      runs.reserve(std::max(runs.capacity(), 3 * static_cast<std::size_t>(channels_ * run)));
    }
  }

 private:
  Index outer_ = 0;
  Index channels_ = 0;
};

}  // namespace batchnorm::detail
