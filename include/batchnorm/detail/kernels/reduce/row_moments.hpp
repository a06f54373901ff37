#pragma once

#include <algorithm>
#include <vector>

#include "../../order/joined_rows.hpp"
#include "loops.hpp"
#include "tasks.hpp"
#include "workspace.hpp"

namespace batchnorm::detail {

/// Merges the moments of all chunks into those of the first.
template <typename Scalar, typename MomentsOf>
void merge_chunk_moments(const MomentsLoops<Scalar>& loops, const Chunks& chunks,
                         const MomentsOf& moments, Index channels) {
  merge_tree(chunks.size(), [&](Index into, Index from, Index end) {
    const auto values = [&](Index first, Index last) {
      return static_cast<double>(chunks.values_before(last) - chunks.values_before(first));
    };
    loops.merge(channels, values(into, from), moments(into), values(from, end),
                moments(from).given());
  });
}

/// Mean and m2 per channel of everything in `view`, chunk by chunk.
template <typename Scalar>
void merged_moments(const MomentsLoops<Scalar>& loops, const Executor& executor,
                    const View<const Scalar>& view, LoopOrder order, std::vector<double>& workspace,
                    const ChannelMoments& to) {
  constexpr Index sums{moments_sums<Scalar>};
  const Chunks chunks(view, order);
  const Index channels = view.channels;
  workspace.resize(static_cast<std::size_t>(chunks.size() * sums * channels));
  const auto slots = [&](Index k) {
    return Slots{workspace.data() + k * sums * channels, channels};
  };
  for_each_task(executor, chunks, order, view, 1, loops.most_channels,
                [&](Index k, Index c_begin, Index c_end) {
                  loops.sum(view, chunks[k], c_begin, c_end, order, slots(k));
                });
  const auto moments = [&](Index k) { return moments_in<Scalar>(slots(k)); };
  merge_chunk_moments(loops, chunks, moments, channels);
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
  merge_tree(all / channels, [&](Index into, Index from, Index end) {
    loops.merge(channels, static_cast<double>(from - into) * each, places.from(into * channels),
                static_cast<double>(end - from) * each, places.from(from * channels).given());
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
