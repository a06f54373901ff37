#pragma once

#include <algorithm>
#include <vector>

#include "chunk_moments.hpp"
#include "short_runs.hpp"
#include "small_batch_moments.hpp"
#include "small_batch_scattered.hpp"
#include "workspace.hpp"

namespace batchnorm::detail {

/// Merges the moments of all chunks into those of the first.
template <typename SlotsOf>
void merge_chunk_moments(const Chunks& chunks, const SlotsOf& slots, Index channels) {
  merge_tree(chunks.size(), [&](Index into, Index from, Index end) {
    const Index before = chunks.values_before(from);
    merge_moments(channels, before - chunks.values_before(into), slots(into).row(0),
                  slots(into).row(2), chunks.values_before(end) - before, slots(from).row(0),
                  slots(from).row(2));
  });
}

/// Mean and m2 per channel of everything in `view`, chunk by chunk.
template <typename Executor, typename Scalar>
void merged_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                    std::vector<double>& workspace, double* mean, double* m2) {
  constexpr Index sums{MomentsKernel<Scalar>::sums};
  const Chunks chunks(view, order);
  const Index channels = view.channels;
  workspace.resize(static_cast<std::size_t>(chunks.size() * sums * channels));
  const auto slots = [&](Index k) {
    return Slots{workspace.data() + k * sums * channels, channels};
  };
  for_each_task<MomentsKernel<Scalar>>(
      executor, chunks, order, view, [&](Index k, Index c_begin, Index c_end) {
        const SmallBatchMoments<Scalar> moments;
        if (is_small_batch_of_rows<SmallBatchMoments<Scalar>>({view}, order)) {
          sum_small_batch_rows(moments, {view}, c_begin, c_end, slots(k));
        } else if (is_small_batch_of_planes<SmallBatchMoments<Scalar>>({view}, order)) {
          sum_small_batch_planes(moments, {view}, c_begin, c_end, slots(k));
        } else if (view.count() < most_scattered_values) {
          sum_scattered_values(view, c_begin, c_end, slots(k));
        } else {
          ChunkMoments<Scalar>(view, chunks[k], c_begin, c_end, order, slots(k)).run();
        }
      });
  merge_chunk_moments(chunks, slots, channels);
  std::copy_n(slots(0).row(0), channels, mean);
  std::copy_n(slots(0).row(2), channels, m2);
}

/// Mean and m2 of joined rows: those of each place within a row, merged.
template <typename Executor, typename Scalar>
void joined_moments(const Executor& executor, const JoinedRows<const Scalar, 1>& rows,
                    Index channels, SumsWorkspace& workspace, double* mean, double* m2) {
  const Index all = rows.whole[0].channels;
  const Index each = rows.whole[0].outer;
  workspace.joined.resize(static_cast<std::size_t>(2 * all));
  double* means = workspace.joined.data();
  double* m2s = means + all;
  merged_moments(executor, rows.whole[0], LoopOrder::rows, workspace.chunks, means, m2s);
  merge_tree(all / channels, [&](Index into, Index from, Index end) {
    merge_moments(channels, (from - into) * each, means + into * channels, m2s + into * channels,
                  (end - from) * each, means + from * channels, m2s + from * channels);
  });
  std::copy_n(means, channels, mean);
  std::copy_n(m2s, channels, m2);
  const Index left_over = rows.rest[0].outer;
  if (left_over == 0) return;
  merged_moments(executor, rows.rest[0], LoopOrder::rows, workspace.chunks, means, m2s);
  merge_moments(channels, each * (all / channels), mean, m2, left_over, means, m2s);
}

/// Mean and m2 per channel, or place, of everything in `view`.
template <typename Executor, typename Scalar>
void row_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                 SumsWorkspace& workspace, double* mean, double* m2) {
  if (can_join(std::array{view}, order)) {
    const JoinedRows rows(std::array{view});
    joined_moments(executor, rows, view.channels, workspace, mean, m2);
  } else {
    merged_moments(executor, view, order, workspace.chunks, mean, m2);
  }
}

/// Mean and m2 per channel of everything in `view`, into `mean` and `m2`. Needs at least one value
/// per channel.
template <typename Executor, typename Scalar>
void batch_moments(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                   SumsWorkspace& workspace, double* mean, double* m2) {
  if (!has_short_runs(std::array{view}, order))
    return row_moments(executor, view, order, workspace, mean, m2);
  const View<const Scalar> row = lined_up(std::array{view})[0];
  workspace.runs.resize(static_cast<std::size_t>(2 * row.channels));
  double* means = workspace.runs.data();
  double* m2s = means + row.channels;
  row_moments(executor, row, LoopOrder::rows, workspace, means, m2s);
  merge_runs({view.inner, view.channels}, view.outer, means, m2s, mean, m2);
}

}  // namespace batchnorm::detail
