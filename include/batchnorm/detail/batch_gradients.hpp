#pragma once

#include "gradient_kernel.hpp"
#include "reduce.hpp"

namespace batchnorm::detail {

/// Per channel the sums of `kernel` over everything in `views`: `sum` of g, `product` of g * (x -
/// centre) * unit. `workspace` grows to the largest shape seen.
template <typename Executor, typename Kernel>
void batch_gradients(const Executor& executor, const Kernel& kernel,
                     const Views<typename Kernel::Scalar, Kernel::inputs>& views, LoopOrder order,
                     std::vector<double>& workspace, Eigen::Map<Eigen::ArrayXd> sum,
                     Eigen::Map<Eigen::ArrayXd> product) {
  constexpr Index sums{Kernel::sums};
  const Chunks chunks(views[0], order);
  const Index channels = views[0].channels;
  workspace.resize(static_cast<std::size_t>(chunks.size() * sums * channels));
  const auto slots = [&](Index k) {
    return Slots{workspace.data() + k * sums * channels, channels};
  };
  constexpr double bytes = sizeof(typename Kernel::Scalar) * Kernel::inputs;
  for_each_task(executor, chunks, order, channels, views[0].count(), bytes,
                [&](Index k, Index c_begin, Index c_end) {
                  sum_chunk(kernel, views, chunks[k], c_begin, c_end, order, slots(k));
                });
  const auto all = [&](Index k) {
    return Eigen::Map<Eigen::ArrayXd>(&slots(k)(0, 0), sums * channels);
  };
  merge_tree(chunks.size(), [&](Index into, Index from, Index /*end*/) { all(into) += all(from); });
  sum = all(0).head(channels);
  product = all(0).tail(channels);
}

}  // namespace batchnorm::detail
