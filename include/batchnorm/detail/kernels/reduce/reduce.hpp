#ifndef BATCHNORM_REDUCE_REDUCE
#define BATCHNORM_REDUCE_REDUCE

#include "../../order/order.hpp"
#include "moments_kernel.hpp"
#include "sum_planes.hpp"
#include "sum_rows.hpp"
#include "tasks.hpp"

// The first primitive: per-channel sums over outer and inner. One loop for channels beside each
// other (sum_rows.hpp), one for channels of their own (sum_planes.hpp, and through a buffer any
// strides). Short runs become rows (short_runs.hpp); few values per channel have loops of their own
// (small_batch.hpp). What is summed is the kernel's business (kernel.hpp).
// In: views, arranged (order/order.hpp).
// Out: mean and m2 per channel (batch_moments.hpp), or the sums of backward (batch_gradients.hpp).
namespace batchnorm::detail::BATCHNORM_TARGET {

/// The sums of at most `channel_group` channels.
template <typename Kernel>
using ChannelGroup = std::array<PlaneSums<Kernel>, std::size_t{channel_group}>;

/// The pilot of some values of a channel's chunk.
template <typename Kernel>
Pilot<typename Kernel::Scalar> pilot_of(const Kernel& kernel, const ViewsOf<Kernel>& views,
                                        const Chunk& chunk, Index channel) {
  using Scalar = typename Kernel::Scalar;
  constexpr Index most = 16;
  const auto& x = views[0];
  const Index run = chunk.inner_end - chunk.inner_begin;
  const Index rows = chunk.outer_end - chunk.outer_begin;
  const bool along_run = run >= std::min(most, rows);
  const Index values = along_run ? run : rows;
  const Index step =
      std::max<Index>(values / most, 1) * (along_run ? x.inner_stride : x.outer_stride);
  const auto from = pointers_at<Kernel>(views, chunk.outer_begin, channel, chunk.inner_begin)[0];
  return pilot_of_rows([&](Index row) { return kernel.value(load<Scalar>(from + row * step)); },
                       values);
}

/// How many runs of `packets` packets a channel has summed before the next channel has its turn, an
/// even number: a block, or where runs come from far away so few that what lies beside them stays
/// in the nearest cache, since they often lie a multiple of 4096 bytes apart.
template <typename Data>
Index runs_together(const View<const Data>& x, Index packets, Index block) {
  constexpr Index far_values = 1 << 21;
  constexpr Index few_runs = 8;
  constexpr Index few_packets = 32;
  const Index most = 2 * std::max<Index>(block / (2 * packets), 1);
  const bool far = x.outer * x.outer_stride > far_values;
  return far ? std::min(most, std::max(few_runs, few_packets / packets)) : most;
}

/// How many values ahead memory is asked for where runs come from far away, whose ends the
/// processor does not foresee; else 0. A quarter of what a group of channels has beside each other.
template <typename Kernel>
Index values_ahead(const ViewsOf<Kernel>& views, Index run) {
  constexpr Index least_bytes = 1024;
  constexpr Index most_bytes = 8192;
  constexpr Index size = sizeof(typename Kernel::Data);
  const auto& x = views[0];
  if (!comes_from_far(x)) return 0;
  const Index beside = run * std::min(x.channels, channel_group);
  return std::clamp(beside / 4, least_bytes / size, most_bytes / size);
}

/// Sums at most `channel_group` channels of a chunk, whose inner is contiguous in runs of at least
/// a packet.
template <typename Kernel>
void add_runs(const ViewsOf<Kernel>& views, const Chunk& chunk, Index c_begin, Index count,
              Index block, ChannelGroup<Kernel>& sums) {
  const Index run = chunk.inner_end - chunk.inner_begin;
  const Index together = runs_together(views[0], divide_up(run, PlaneSums<Kernel>::width), block);
  Strides<Kernel> step;
  for (std::size_t k = 0; k < Kernel::inputs; ++k) step[k] = views[k].outer_stride;
  for (Index o = chunk.outer_begin; o < chunk.outer_end; o += together) {
    const Index runs = std::min(together, chunk.outer_end - o);
    for (Index c = 0; c < count; ++c) {
      const auto from = pointers_at<Kernel>(views, o, c_begin + c, chunk.inner_begin);
      sums[static_cast<std::size_t>(c)].add_runs(from, step, runs, run);
    }
  }
}

/// Sums one channel of rows [begin, end) of a chunk at any strides. Single values of rows are one
/// run.
template <typename Kernel>
void add_scattered(const ViewsOf<Kernel>& views, const Chunk& chunk, Index begin, Index end,
                   Index channel, PlaneSums<Kernel>& sums) {
  const Index run = chunk.inner_end - chunk.inner_begin;
  const bool single = run == 1;
  Gathered<Kernel> values(sums);
  Strides<Kernel> step;
  for (std::size_t k = 0; k < Kernel::inputs; ++k)
    step[k] = single ? views[k].outer_stride : views[k].inner_stride;
  for (Index o = begin; o < end; o += single ? end - begin : 1) {
    values.add(pointers_at<Kernel>(views, o, channel, chunk.inner_begin), step,
               single ? end - begin : run);
  }
  values.flush();
}

/// Sums at most `channel_group` channels of a chunk at any strides: of some rows all channels,
/// which may lie beside each other.
template <typename Kernel>
void add_scattered_group(const ViewsOf<Kernel>& views, const Chunk& chunk, Index c_begin,
                         Index count, ChannelGroup<Kernel>& sums) {
  const Index run = std::max<Index>(chunk.inner_end - chunk.inner_begin, 1);
  const Index rows = std::max<Index>(Gathered<Kernel>::capacity / run, 1);
  for (Index o = chunk.outer_begin; o < chunk.outer_end; o += rows) {
    const Index end = std::min(o + rows, chunk.outer_end);
    for (Index c = 0; c < count; ++c)
      add_scattered(views, chunk, o, end, c_begin + c, sums[static_cast<std::size_t>(c)]);
  }
}

/// Sums at most `channel_group` channels of a chunk in any order but rows; `before` as for
/// `sum_chunk`.
template <typename Kernel>
void sum_group(const Kernel& kernel, const ViewsOf<Kernel>& views, const Chunk& chunk,
               Index c_begin, Index c_end, LoopOrder order, const FirstAttempt* before,
               const Slots& slots) {
  using Scalar = typename Kernel::Scalar;
  const Index count = c_end - c_begin;
  const Index block = Kernel::rows_in_block(views[0].count());
  const Index run = chunk.inner_end - chunk.inner_begin;
  const bool in_runs = order == LoopOrder::planes && run >= PlaneSums<Kernel>::width;
  const Index ahead = in_runs ? values_ahead<Kernel>(views, run) : 0;
  ChannelGroup<Kernel> sums;
  for (Index c = c_begin; c < c_end; ++c) {
    Pilot<Scalar> pilot{};
    if constexpr (Kernel::has_origin) {
      pilot = before != nullptr ? before->pilot<Scalar>(c) : pilot_of(kernel, views, chunk, c);
    }
    sums[static_cast<std::size_t>(c - c_begin)].begin(kernel, c, block, ahead, pilot);
  }
  if (in_runs) {
    add_runs(views, chunk, c_begin, count, block, sums);
  } else {
    add_scattered_group(views, chunk, c_begin, count, sums);
  }
  for (Index c = 0; c < count; ++c) sums[static_cast<std::size_t>(c)].write(slots, c_begin + c);
}

/// Most channels that `sum_chunk` takes.
template <typename Kernel>
inline constexpr Index most_channels = RowSums<Kernel>::most_channels;

/// Sums at most `most_channels` channels [c_begin, c_end) of a chunk. No channel's result depends
/// on which others are summed with it. `before` is null where the values shall tell the pilots.
template <typename Kernel>
void sum_chunk(const Kernel& kernel, const ViewsOf<Kernel>& views, const Chunk& chunk,
               Index c_begin, Index c_end, LoopOrder order, const FirstAttempt* before,
               const Slots& slots) {
  if (order == LoopOrder::rows && views[0].channels >= RowSums<Kernel>::width) {
    RowSums<Kernel> sums(kernel, views, c_begin, c_end);
    sums.add_rows(chunk.outer_begin, chunk.outer_end, before);
    return sums.write(slots);
  }
  for (Index c = c_begin; c < c_end; c += channel_group) {
    sum_group(kernel, views, chunk, c, std::min(c + channel_group, c_end), order, before, slots);
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
