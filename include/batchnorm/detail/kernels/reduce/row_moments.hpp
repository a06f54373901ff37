#pragma once

#include <algorithm>

#include "../../order/joined_rows.hpp"
#include "loops.hpp"
#include "tasks.hpp"
#include "workspace.hpp"

namespace batchnorm::detail {

/// Mean and m2 per channel of everything in `view`, chunk by chunk.
template <typename Scalar>
void merged_moments(const MomentsLoops<Scalar>& loops, const Executor& executor,
                    const View<const Scalar>& view, LoopOrder order,
                    ChannelArray<double>& workspace, const ChannelMoments& to) {
  constexpr Index sums{moments_sums<Scalar>};
  const Chunks chunks(view, order);
  const Index channels = view.channels;
  workspace.resize(places_of(chunks, executor) * sums * channels);
  const auto slots = [&](Index place) {
    return Slots{workspace.data() + place * sums * channels, channels};
  };
  const auto moments = [&](Index place) { return moments_in<Scalar>(slots(place)); };
  const auto values = [&](Index first, Index last) {
    return static_cast<double>(chunks.values_before(last) - chunks.values_before(first));
  };
  reduce_chunks(
      executor, chunks, order, view, 1, loops.most_channels,
      [&](Index k, Index c_begin, Index c_end, Index place) {
        loops.sum(view, chunks[k], c_begin, c_end, order, slots(place));
      },
      [&](const Merged& into, const Merged& from, Index end) {
        loops.merge(channels, values(into.first, from.first), moments(into.place),
                    values(from.first, end), moments(from.place).given());
      });
  copy_moments(channels, moments(0).given(), to);
}

/// Mean and m2 of joined rows: those of each place within a row, merged.
template <typename Scalar>
void joined_moments(const MomentsLoops<Scalar>& loops, const Executor& executor,
                    const JoinedRows<const Scalar, 1>& rows, Index channels,
                    SumsWorkspace& workspace, const ChannelMoments& to) {
  const Index all = rows.whole[0].channels;
  const auto each = static_cast<double>(rows.whole[0].outer);
  const ChannelMoments places = SumsWorkspace::moments_of(workspace.joined, all, to.low != nullptr);
  merged_moments(loops, executor, rows.whole[0], LoopOrder::rows, workspace.chunks, places);
  merge_tree(all / channels, [&](const Merged& into, const Merged& from, Index end) {
    loops.merge(channels, static_cast<double>(from.first - into.first) * each,
                places.from(into.place * channels), static_cast<double>(end - from.first) * each,
                places.from(from.place * channels).given());
  });
  copy_moments(channels, places.given(), to);
  const Index left_over = rows.rest[0].outer;
  if (left_over == 0) return;
  merged_moments(loops, executor, rows.rest[0], LoopOrder::rows, workspace.chunks, places);
  const Index together = all / channels;
  loops.merge(channels, each * static_cast<double>(together), to, static_cast<double>(left_over),
              places.given());
}

/// Mean and m2 per channel, or place, of everything in `view`.
template <typename Scalar>
void row_moments(const MomentsLoops<Scalar>& loops, const Executor& executor,
                 const View<const Scalar>& view, LoopOrder order, SumsWorkspace& workspace,
                 const ChannelMoments& to) {
  if (can_join(std::array{view}, order)) {
    const JoinedRows rows(std::array{view});
    joined_moments(loops, executor, rows, view.channels, workspace, to);
  } else {
    merged_moments(loops, executor, view, order, workspace.chunks, to);
  }
}

}  // namespace batchnorm::detail
