#ifndef BATCHNORM_REDUCE_BATCH_GRADIENTS
#define BATCHNORM_REDUCE_BATCH_GRADIENTS

#include <algorithm>
#include <vector>

#include "reduce.hpp"
#include "short_runs.hpp"
#include "small_batch_gradients.hpp"
#include "workspace.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Per channel the sums of `kernel` over everything in `views`, chunk by chunk: those of all chunks
/// stand in `workspace`, the merged ones first.
template <typename Kernel>
Slots merged_gradients(const Executor& executor, const Kernel& kernel, const ViewsOf<Kernel>& views,
                       LoopOrder order, std::vector<double>& workspace) {
  constexpr Index sums{Kernel::sums};
  const Chunks chunks(views[0], order);
  const Index channels = views[0].channels;
  workspace.resize(static_cast<std::size_t>(chunks.size() * sums * channels));
  const auto slots = [&](Index k) {
    return Slots{workspace.data() + k * sums * channels, channels};
  };
  for_each_task<Kernel>(
      executor, chunks, order, views[0], [&](Index k, Index c_begin, Index c_end) {
        const SmallBatchGradients<Kernel> few{kernel};
        if (is_small_batch_of_rows<SmallBatchGradients<Kernel>>(views, order)) {
          sum_small_batch_rows(few, views, c_begin, c_end, slots(k));
        } else if (is_small_batch_of_planes<SmallBatchGradients<Kernel>>(views, order)) {
          sum_small_batch_planes(few, views, c_begin, c_end, slots(k));
        } else {
          sum_chunk(kernel, views, chunks[k], c_begin, c_end, order, nullptr, slots(k));
        }
      });
  merge_tree(chunks.size(), [&](Index into, Index from, Index /*end*/) {
    add_sums(sums * channels, slots(into).first, slots(from).first);
  });
  return slots(0);
}

/// Adds to `sum` and `product` those of rows of places.
template <typename Kernel>
void add_row_gradients(const Executor& executor, const Kernel& kernel, const ViewsOf<Kernel>& rows,
                       SumsWorkspace& workspace, double* sum, double* product) {
  const Slots slots = merged_gradients(executor, kernel, rows, LoopOrder::rows, workspace.chunks);
  const PlaceMap& map = kernel.channels.map;
  add_places(map, rows[0].channels, slots.row(0), sum);
  add_places(map, rows[0].channels, slots.row(1), product);
}

/// Per channel the sums of `kernel` over everything in `views`: `sum` of g, `product` of g * (x -
/// centre) * unit. `workspace` grows to the largest shape seen.
template <typename Kernel>
void batch_gradients(const Executor& executor, Kernel kernel, const ViewsOf<Kernel>& views,
                     LoopOrder order, SumsWorkspace& workspace, double* sum, double* product) {
  const Index channels = views[0].channels;
  const bool short_runs = has_short_runs(views, order, lanes<WideOf<Kernel>>);
  if (!short_runs && order != LoopOrder::rows) {
    const Slots slots = merged_gradients(executor, kernel, views, order, workspace.chunks);
    std::copy_n(slots.row(0), channels, sum);
    std::copy_n(slots.row(1), channels, product);
    return;
  }
  std::fill_n(sum, channels, 0.0);
  std::fill_n(product, channels, 0.0);
  kernel.channels.map = {views[0].inner, channels};
  const ViewsOf<Kernel> rows = lined_up(views);
  if (!can_join(rows, LoopOrder::rows))
    return add_row_gradients(executor, kernel, rows, workspace, sum, product);
  const JoinedRows joined(rows);
  add_row_gradients(executor, kernel, joined.whole, workspace, sum, product);
  if (joined.rest[0].outer > 0)
    add_row_gradients(executor, kernel, joined.rest, workspace, sum, product);
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
