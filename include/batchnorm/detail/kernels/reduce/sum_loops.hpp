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

template <typename Data>
void sum_moments(const View<const Data>& view, const Chunk& chunk, Index c_begin, Index c_end,
                 LoopOrder order, const Slots& slots) {
  const VectorScope scope;
  const SmallBatchMoments<Data> moments;
  if (is_small_batch_of_rows<SmallBatchMoments<Data>>({view}, order)) {
    sum_small_batch_rows(moments, {view}, c_begin, c_end, slots);
  } else if (is_small_batch_of_planes<SmallBatchMoments<Data>>({view}, order)) {
    sum_small_batch_planes(moments, {view}, c_begin, c_end, slots);
  } else if (view.count() < most_scattered_values) {
    sum_scattered_values(view, c_begin, c_end, slots);
  } else {
    ChunkMoments<Data>(view, chunk, c_begin, c_end, order, slots).run();
  }
}

template <typename Data>
constexpr MomentsLoops<Data> moments_loops() {
  return {lanes<PacketOf<Data>>, most_channels<MomentsKernel<Data>>, &sum_moments<Data>,
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
constexpr GradientLoops<typename Kernel::Data, Kernel::inputs> gradient_loops() {
  return {lanes<WideOf<Kernel>>, most_channels<Kernel>, &sum_gradients<Kernel>};
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
