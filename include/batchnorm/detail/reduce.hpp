#pragma once

#include <optional>
#include <vector>

#include "arrange.hpp"
#include "channel_sums.hpp"
#include "executor.hpp"
#include "merge.hpp"

// The first primitive: per-channel sums over outer and inner. One loop for channels beside each
// other (rows), one for channels of their own (planes, and through a buffer any strides). What is
// summed is the kernel's business.
namespace batchnorm::detail {

/// Sums channels [c_begin, c_end) of a chunk of rows, a packet of channels at a time. The last
/// packet may reach back over channels that it then leaves alone. Needs c_end of at least one
/// packet.
template <typename Kernel>
void sum_rows(const Kernel &kernel, const Views<typename Kernel::Scalar, Kernel::inputs> &views,
              const Chunk &chunk, Index c_begin, Index c_end, const Slots &slots) {
  using Wide = PacketOf<typename Kernel::Scalar>;
  constexpr Index width = lanes<Wide>;
  std::array<Index, Kernel::inputs> step;
  for (std::size_t k = 0; k < Kernel::inputs; ++k) step[k] = views[k].outer_stride;
  for (Index o = chunk.outer_begin; o < chunk.outer_end; o += block_rows) {
    const Index rows = std::min(block_rows, chunk.outer_end - o);
    const Start start = o == chunk.outer_begin ? Start::own : Start::resume;
    for (Index c = c_begin; c < c_end; c += width) {
      const Index at = std::min(c, c_end - width);
      kernel.template add_block<Wide>(
          kernel.template coefficients<Wide>(at, Spread::per_lane),
          SteppedRows<Kernel>{pointers_at<Kernel>(views, o, at, 0), step}, rows,
          lanes_at<Kernel>(slots, at, c - at, width), start);
    }
  }
}

/// Channels whose runs are short are summed together, sample by sample, so that memory is read in
/// its own order.
inline constexpr Index channel_group = 16;
inline constexpr Index short_run = 2048;

/// Sums at most `channel_group` channels of a chunk, whatever the strides.
template <typename Kernel>
void sum_channels(const Kernel &kernel, const Views<typename Kernel::Scalar, Kernel::inputs> &views,
                  const Chunk &chunk, Index c_begin, Index c_end, LoopOrder order,
                  const Slots &slots) {
  std::array<std::optional<ChannelSums<Kernel>>, std::size_t{channel_group}> sums;
  for (Index c = c_begin; c < c_end; ++c)
    sums[static_cast<std::size_t>(c - c_begin)].emplace(kernel, c);
  const Index run = chunk.inner_end - chunk.inner_begin;
  std::array<Index, Kernel::inputs> stride;
  for (std::size_t k = 0; k < Kernel::inputs; ++k) stride[k] = views[k].inner_stride;
  for (Index o = chunk.outer_begin; o < chunk.outer_end; ++o) {
    for (Index c = c_begin; c < c_end; ++c) {
      const auto from = pointers_at<Kernel>(views, o, c, chunk.inner_begin);
      auto &channel = *sums[static_cast<std::size_t>(c - c_begin)];
      if (order == LoopOrder::planes) {
        channel.add_run(from, run);
      } else {
        channel.add_strided(from, stride, run);
      }
    }
  }
  for (Index c = c_begin; c < c_end; ++c)
    sums[static_cast<std::size_t>(c - c_begin)]->finish(slots, c);
}

/// Sums channels [c_begin, c_end) of a chunk. No channel's result depends on which others are
/// summed with it.
template <typename Kernel>
void sum_chunk(const Kernel &kernel, const Views<typename Kernel::Scalar, Kernel::inputs> &views,
               const Chunk &chunk, Index c_begin, Index c_end, LoopOrder order,
               const Slots &slots) {
  if (order == LoopOrder::rows && c_end >= lanes<PacketOf<typename Kernel::Scalar>>) {
    return sum_rows(kernel, views, chunk, c_begin, c_end, slots);
  }
  const Index group = chunk.inner_end - chunk.inner_begin < short_run ? channel_group : 1;
  for (Index c = c_begin; c < c_end; c += group) {
    sum_channels(kernel, views, chunk, c, std::min(c + group, c_end), order, slots);
  }
}

/// Channels that one task sums: all of them in the calling thread, few enough to feed every thread
/// of a device.
template <typename Executor>
Index channels_per_task(const Executor &executor, LoopOrder order, Index channels) {
  constexpr Index tile = 256;
  if (executor.threads() == 1) return std::max<Index>(channels, 1);
  return order == LoopOrder::rows ? tile : channel_group;
}

/// Runs `sum(chunk index, first channel, last channel)` over all chunks and channels.
template <typename Executor, typename Sum>
void for_each_task(const Executor &executor, const Chunks &chunks, LoopOrder order, Index channels,
                   Index count, double bytes_per_value, const Sum &sum) {
  const Index width = channels_per_task(executor, order, channels);
  const Index tiles = divide_up(channels, width);
  const double values = static_cast<double>(count) / static_cast<double>(chunks.size()) *
                        static_cast<double>(std::min(width, channels));
  executor(chunks.size() * tiles, {values * bytes_per_value, 0.0, values},
           [&](Index first, Index last) {
             for (Index task = first; task < last; ++task) {
               const Index c = task % tiles * width;
               sum(task / tiles, c, std::min(c + width, channels));
             }
           });
}

}  // namespace batchnorm::detail
