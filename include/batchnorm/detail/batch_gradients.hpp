#pragma once

#include <algorithm>
#include <vector>

#include "few_gradients.hpp"
#include "reduce.hpp"
#include "sums_workspace.hpp"

namespace batchnorm::detail {

/// Per channel the sums of `kernel` over everything in `views`, chunk by chunk: those of all chunks
/// stand in `workspace`, the merged ones first.
template <typename Executor, typename Kernel>
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
        const FewGradients<Kernel> few{kernel};
        if (has_few_rows<FewGradients<Kernel>>(views, order)) {
          sum_few_rows(few, views, c_begin, c_end, slots(k));
        } else if (has_few_planes<FewGradients<Kernel>>(views, order)) {
          sum_few_planes(few, views, c_begin, c_end, slots(k));
        } else {
          sum_chunk(kernel, views, chunks[k], c_begin, c_end, order, nullptr, slots(k));
        }
      });
  merge_tree(chunks.size(), [&](Index into, Index from, Index /*end*/) {
    add_sums(sums * channels, slots(into).first, slots(from).first);
  });
  return slots(0);
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

/// Adds to `sum` and `product` those of rows of places.
template <typename Executor, typename Kernel>
void add_row_gradients(const Executor& executor, const Kernel& kernel, const ViewsOf<Kernel>& rows,
                       SumsWorkspace& workspace, double* sum, double* product) {
  const Slots slots = merged_gradients(executor, kernel, rows, LoopOrder::rows, workspace.chunks);
  const PlaceMap& map = kernel.channels.map;
  add_places(map, rows[0].channels, slots.row(0), sum);
  add_places(map, rows[0].channels, slots.row(1), product);
}

/// Per channel the sums of `kernel` over everything in `views`: `sum` of g, `product` of g * (x -
/// centre) * unit. `workspace` grows to the largest shape seen.
template <typename Executor, typename Kernel>
void batch_gradients(const Executor& executor, Kernel kernel, const ViewsOf<Kernel>& views,
                     LoopOrder order, SumsWorkspace& workspace, double* sum, double* product) {
  const Index channels = views[0].channels;
  const bool short_runs = has_short_runs(views, order);
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

}  // namespace batchnorm::detail
