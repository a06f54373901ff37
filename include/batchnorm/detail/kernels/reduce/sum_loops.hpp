#ifndef BATCHNORM_REDUCE_SUM_LOOPS
#define BATCHNORM_REDUCE_SUM_LOOPS

#include "chunk_moments.hpp"
#include "loops.hpp"
#include "merge.hpp"
#include "small_batch_gradients.hpp"
#include "small_batch_moments.hpp"
#include "small_batch_scattered.hpp"

// The reductions of one instruction set (loops.hpp): which loop sums a chunk.
namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename Scalar>
void sum_moments(const View<const Scalar>& view, const Chunk& chunk, Index c_begin, Index c_end,
                 LoopOrder order, const Slots& slots) {
  const VectorScope scope;
  const SmallBatchMoments<Scalar> moments;
  if (is_small_batch_of_rows<SmallBatchMoments<Scalar>>({view}, order)) {
    sum_small_batch_rows(moments, {view}, c_begin, c_end, slots);
  } else if (is_small_batch_of_planes<SmallBatchMoments<Scalar>>({view}, order)) {
    sum_small_batch_planes(moments, {view}, c_begin, c_end, slots);
  } else if (view.count() < most_scattered_values) {
    sum_scattered_values(view, c_begin, c_end, slots);
  } else {
    ChunkMoments<Scalar>(view, chunk, c_begin, c_end, order, slots).run();
  }
}

template <typename Scalar>
constexpr MomentsLoops<Scalar> moments_loops() {
  return {lanes<PacketOf<Scalar>>, most_channels<MomentsKernel<Scalar>>, &sum_moments<Scalar>,
          &merge_moments, &merge_runs};
}

template <typename Kernel>
void sum_gradients(const UnitChannels<typename Kernel::Scalar>& channels,
                   const ViewsOf<Kernel>& views, const Chunk& chunk, Index c_begin, Index c_end,
                   LoopOrder order, const Slots& slots) {
  const VectorScope scope;
  const Kernel kernel{channels};
  const SmallBatchGradients<Kernel> few{kernel};
  if (is_small_batch_of_rows<SmallBatchGradients<Kernel>>(views, order)) {
    sum_small_batch_rows(few, views, c_begin, c_end, slots);
  } else if (is_small_batch_of_planes<SmallBatchGradients<Kernel>>(views, order)) {
    sum_small_batch_planes(few, views, c_begin, c_end, slots);
  } else {
    sum_chunk(kernel, views, chunk, c_begin, c_end, order, nullptr, slots);
  }
}

template <typename Kernel>
constexpr GradientLoops<typename Kernel::Scalar, Kernel::inputs> gradient_loops() {
  return {lanes<WideOf<Kernel>>, most_channels<Kernel>, &sum_gradients<Kernel>};
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
