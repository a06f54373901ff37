#pragma once

#include "gradient_kernel.hpp"
#include "joined_rows.hpp"
#include "reduce.hpp"

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
        sum_chunk(kernel, views, chunks[k], c_begin, c_end, order, nullptr, slots(k));
      });
  merge_tree(chunks.size(), [&](Index into, Index from, Index /*end*/) {
    add_sums(sums * channels, slots(into).first, slots(from).first);
  });
  return slots(0);
}

/// The sums of joined rows: those of each place within a row, added.
template <typename Executor, typename Kernel, typename Rows>
void joined_gradients(const Executor& executor, const Kernel& kernel, const Rows& rows,
                      Index channels, std::vector<double>& workspace, double* sum,
                      double* product) {
  const auto add_pieces = [&](const auto& views) {
    const Slots slots = merged_gradients(executor, kernel, views, LoopOrder::rows, workspace);
    for (Index c = 0; c < views[0].channels; c += channels) {
      add_sums(channels, sum, slots.row(0) + c);
      add_sums(channels, product, slots.row(1) + c);
    }
  };
  std::fill_n(sum, channels, 0.0);
  std::fill_n(product, channels, 0.0);
  add_pieces(rows.whole);
  if (rows.rest[0].outer > 0) add_pieces(rows.rest);
}

/// Per channel the sums of `kernel` over everything in `views`: `sum` of g, `product` of g * (x -
/// centre) * unit. `workspace` grows to the largest shape seen.
template <typename Executor, typename Kernel>
void batch_gradients(const Executor& executor, const Kernel& kernel, const ViewsOf<Kernel>& views,
                     LoopOrder order, std::vector<double>& workspace, double* sum,
                     double* product) {
  const Index channels = views[0].channels;
  using Rows = JoinedRows<const typename Kernel::Scalar, Kernel::inputs>;
  if (can_join<typename Kernel::Scalar, Kernel::inputs>(views, order)) {
    return joined_gradients(executor, kernel, Rows(views), channels, workspace, sum, product);
  }
  const Slots slots = merged_gradients(executor, kernel, views, order, workspace);
  std::copy_n(slots.row(0), channels, sum);
  std::copy_n(slots.row(1), channels, product);
}

}  // namespace batchnorm::detail
