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

/// Asks for the next rows in the order of memory, some lines with every packet of the present ones,
/// which are read in another order that the processor does not foresee.
template <typename Scalar, std::size_t N>
class RowPrefetch {
 public:
  RowPrefetch(const Views<Scalar, N>& views, Index begin, Index end, Index c_begin, Index c_end)
      : views_(views), row_(begin), end_(end), c_begin_(c_begin), c_end_(c_end), c_(c_begin) {}

  void lines(Index count) {
    for (; count > 0 && row_ < end_; --count) {
      for (const auto& view : views_) {
        Eigen::internal::prefetch(view.data + view.offset(row_, c_, 0));
      }
      c_ += line;
      if (c_ < c_end_) continue;
      c_ = c_begin_;
      ++row_;
    }
  }

 private:
  static constexpr Index line{64 / sizeof(Scalar)};

  const Views<Scalar, N>& views_;
  Index row_;
  Index end_;
  Index c_begin_;
  Index c_end_;
  Index c_;
};

/// Sums channels [c_begin, c_end) of a chunk of rows, a packet of channels at a time. The last
/// packet may reach back over channels that it then leaves alone. Needs c_end of at least one
/// packet.
template <typename Kernel>
void sum_rows(const Kernel& kernel, const Views<typename Kernel::Scalar, Kernel::inputs>& views,
              const Chunk& chunk, Index c_begin, Index c_end, const Slots& slots) {
  using Scalar = typename Kernel::Scalar;
  using Wide = PacketOf<Scalar>;
  constexpr Index width = lanes<Wide>;
  constexpr Index lines_per_packet = stepped_rows * width * Index{sizeof(Scalar)} / 64 + 1;
  std::array<Index, Kernel::inputs> step;
  for (std::size_t k = 0; k < Kernel::inputs; ++k) step[k] = views[k].outer_stride;
  for (Index o = chunk.outer_begin; o < chunk.outer_end; o += stepped_rows) {
    const Index rows = std::min(stepped_rows, chunk.outer_end - o);
    const Start start = o == chunk.outer_begin ? Start::own : Start::resume;
    RowPrefetch<Scalar, Kernel::inputs> next(
        views, o + rows, std::min(o + rows + stepped_rows, views[0].outer), c_begin, c_end);
    for (Index c = c_begin; c < c_end; c += width) {
      const Index at = std::min(c, c_end - width);
      next.lines(lines_per_packet);
      kernel.template add_rows<Wide>(
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

/// The sums of at most `channel_group` channels.
template <typename Kernel>
using ChannelGroup = std::array<std::optional<ChannelSums<Kernel>>, std::size_t{channel_group}>;

/// Adds a chunk of channels from `c_begin` on to their sums, whatever the strides.
template <typename Kernel>
void add_chunk(const Views<typename Kernel::Scalar, Kernel::inputs>& views, const Chunk& chunk,
               Index c_begin, Index count, LoopOrder order, ChannelGroup<Kernel>& sums) {
  const Index run = chunk.inner_end - chunk.inner_begin;
  std::array<Index, Kernel::inputs> stride;
  for (std::size_t k = 0; k < Kernel::inputs; ++k) stride[k] = views[k].inner_stride;
  for (Index o = chunk.outer_begin; o < chunk.outer_end; ++o) {
    for (Index c = 0; c < count; ++c) {
      const auto from = pointers_at<Kernel>(views, o, c_begin + c, chunk.inner_begin);
      auto& channel = *sums[static_cast<std::size_t>(c)];
      if (order == LoopOrder::planes) {
        channel.add_run(from, run);
      } else {
        channel.add_strided(from, stride, run);
      }
    }
  }
}

/// Sums at most `channel_group` channels of a chunk.
template <typename Kernel>
void sum_channels(const Kernel& kernel, const Views<typename Kernel::Scalar, Kernel::inputs>& views,
                  const Chunk& chunk, Index c_begin, Index c_end, LoopOrder order,
                  const Slots& slots) {
  ChannelGroup<Kernel> sums;
  const Index count = c_end - c_begin;
  for (Index c = 0; c < count; ++c) sums[static_cast<std::size_t>(c)].emplace(kernel, c_begin + c);
  add_chunk(views, chunk, c_begin, count, order, sums);
  for (Index c = 0; c < count; ++c) sums[static_cast<std::size_t>(c)]->finish(slots, c_begin + c);
}

/// Sums one channel of a chunk from a chosen origin.
template <typename Kernel>
void sum_from_origin(const Kernel& kernel,
                     const Views<typename Kernel::Scalar, Kernel::inputs>& views,
                     const Chunk& chunk, Index channel, LoopOrder order, double origin,
                     const Slots& slots) {
  ChannelGroup<Kernel> sums;
  sums[0].emplace(kernel, channel).start_from(origin);
  add_chunk(views, chunk, channel, 1, order, sums);
  sums[0]->finish(slots, channel);
}

/// Sums channels [c_begin, c_end) of a chunk. No channel's result depends on which others are
/// summed with it.
template <typename Kernel>
void sum_chunk(const Kernel& kernel, const Views<typename Kernel::Scalar, Kernel::inputs>& views,
               const Chunk& chunk, Index c_begin, Index c_end, LoopOrder order,
               const Slots& slots) {
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
Index channels_per_task(const Executor& executor, LoopOrder order, Index channels) {
  constexpr Index tile = 256;
  if (executor.threads() == 1) return std::max<Index>(channels, 1);
  return order == LoopOrder::rows ? tile : channel_group;
}

/// Runs `sum(chunk index, first channel, last channel)` over all chunks and channels.
template <typename Executor, typename Sum>
void for_each_task(const Executor& executor, const Chunks& chunks, LoopOrder order, Index channels,
                   Index count, double bytes_per_value, const Sum& sum) {
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
