#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "arrange.hpp"
#include "chunks.hpp"
#include "executor.hpp"
#include "lanes.hpp"
#include "merge.hpp"

// The first primitive: per-channel sums over outer and inner. One loop for channels beside each
// other (rows), one for a channel at a time (planes, and through a buffer any strides). What is
// summed is the kernel's business.
namespace batchnorm::detail {

template <typename Scalar, std::size_t N>
using Views = std::array<View<const Scalar>, N>;

/// Where a chunk's sums are: sum k of channel c is `first[k * stride + c]`.
struct Slots {
  double* first;
  Index stride;

  double& operator()(std::size_t k, Index c) const {
    return first[static_cast<Index>(k) * stride + c];
  }
};

template <typename Kernel>
auto lanes_at(const Slots& slots, Index channel, Index first, Index last) {
  Lanes<Kernel::sums> result{{}, first, last};
  for (std::size_t k = 0; k < Kernel::sums; ++k) result.sums[k] = &slots(k, channel);
  return result;
}

template <typename Kernel>
using Pointers = std::array<const typename Kernel::Scalar*, Kernel::inputs>;

template <typename Kernel>
Pointers<Kernel> pointers_at(const Views<typename Kernel::Scalar, Kernel::inputs>& views, Index o,
                             Index c, Index i) {
  Pointers<Kernel> result;
  for (std::size_t k = 0; k < Kernel::inputs; ++k)
    result[k] = views[k].data + views[k].offset(o, c, i);
  return result;
}

/// Rows of a block that lie a fixed step apart.
template <typename Kernel>
struct SteppedRows {
  Pointers<Kernel> from;
  std::array<Index, Kernel::inputs> step;

  const auto* operator()(std::size_t input, Index row) const {
    return from[input] + row * step[input];
  }
};

/// Rows of a block that lie anywhere.
template <typename Kernel>
struct ListedRows {
  std::array<Pointers<Kernel>, std::size_t{block_rows}> rows;

  const auto* operator()(std::size_t input, Index row) const {
    return rows[static_cast<std::size_t>(row)][input];
  }
};

/// Sums channels [c_begin, c_end) of a chunk of rows, a packet of channels at a time. The last
/// packet may reach back over channels that it then leaves alone. Needs c_end of at least one
/// packet.
template <typename Kernel>
void sum_rows(const Kernel& kernel, const Views<typename Kernel::Scalar, Kernel::inputs>& views,
              const Chunk& chunk, Index c_begin, Index c_end, const Slots& slots) {
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

template <typename Scalar>
void copy_strided(const Scalar* from, Index stride, Index count, Scalar* to) {
  for (Index i = 0; i < count; ++i) to[i] = from[i * stride];
}

/// The running sums of one channel: a sum per lane, added up at the end. Whole packets are summed
/// where they lie, what is less than a packet is gathered first.
template <typename Kernel>
class ChannelSums {
 public:
  using Scalar = typename Kernel::Scalar;
  using Wide = PacketOf<Scalar>;
  using Strides = std::array<Index, Kernel::inputs>;

  ChannelSums(const Kernel& kernel, Index channel)
      : kernel_(kernel),
        packets_(kernel.template coefficients<Wide>(channel, Spread::same)),
        scalars_(kernel.template coefficients<Scalar>(channel, Spread::same)) {}

  /// Adds `count` contiguous values.
  void add_run(Pointers<Kernel> from, Index count) {
    if (listed_ == 0) {
      for (; count >= capacity; count -= capacity) add_contiguous(from, block_rows);
    }
    for (; count >= width; count -= width) {
      list_.rows[static_cast<std::size_t>(listed_++)] = from;
      for (const Scalar*& pointer : from) pointer += width;
      if (listed_ == block_rows) flush_list();
    }
    add_strided(from, contiguous(), count);
  }

  /// Adds `count` values at any strides.
  void add_strided(Pointers<Kernel> from, const Strides& stride, Index count) {
    while (count > 0) {
      const Index taken = std::min(count, capacity - gathered_);
      for (std::size_t k = 0; k < Kernel::inputs; ++k) {
        copy_strided(from[k], stride[k], taken, buffers_[k].data() + gathered_);
        from[k] += taken * stride[k];
      }
      gathered_ += taken;
      count -= taken;
      if (gathered_ == capacity) flush_gathered();
    }
  }

  void finish(const Slots& slots, Index channel) {
    if (listed_ > 0) flush_list();
    flush_gathered();
    for (std::size_t k = 0; k < Kernel::sums; ++k) {
      const bool is_origin = Kernel::has_origin && k == 0;
      double total = sums_[k][0];
      for (std::size_t l = 1; l < (is_origin ? 1 : std::size_t{width}); ++l) total += sums_[k][l];
      slots(k, channel) = total;
    }
  }

 private:
  static constexpr Index width = lanes<Wide>;
  static constexpr Index capacity = block_rows * width;

  static constexpr Strides contiguous(Index step = 1) {
    Strides result;
    result.fill(step);
    return result;
  }

  template <typename P, typename Rows>
  void add_block(const typename Kernel::template Coefficients<P>& coefficients, const Rows& rows,
                 Index count) {
    Lanes<Kernel::sums> lanes_of_sums{{}, 0, lanes<P>};
    for (std::size_t k = 0; k < Kernel::sums; ++k) lanes_of_sums.sums[k] = sums_[k].data();
    kernel_.template add_block<P>(coefficients, rows, count, lanes_of_sums, start_);
    start_ = Start::resume;
  }

  /// Adds `rows` packets and moves the pointers behind them.
  void add_contiguous(Pointers<Kernel>& from, Index rows) {
    add_block<Wide>(packets_, SteppedRows<Kernel>{from, contiguous(width)}, rows);
    for (const Scalar*& pointer : from) pointer += rows * width;
  }

  void flush_list() {
    add_block<Wide>(packets_, list_, listed_);
    listed_ = 0;
  }

  void flush_gathered() {
    Pointers<Kernel> from;
    for (std::size_t k = 0; k < Kernel::inputs; ++k) from[k] = buffers_[k].data();
    if (gathered_ >= width) add_contiguous(from, gathered_ / width);
    if (gathered_ % width > 0) {
      add_block<Scalar>(scalars_, SteppedRows<Kernel>{from, contiguous()}, gathered_ % width);
    }
    gathered_ = 0;
  }

  const Kernel& kernel_;
  typename Kernel::template Coefficients<Wide> packets_;
  typename Kernel::template Coefficients<Scalar> scalars_;
  std::array<std::array<double, std::size_t{width}>, Kernel::sums> sums_{};
  Start start_ = Start::together;
  ListedRows<Kernel> list_;
  Index listed_ = 0;
  std::array<std::array<Scalar, std::size_t{capacity}>, Kernel::inputs> buffers_;
  Index gathered_ = 0;
};

/// Channels whose runs are short are summed together, sample by sample, so that memory is read in
/// its own order.
inline constexpr Index channel_group = 16;
inline constexpr Index short_run = 2048;

/// Sums at most `channel_group` channels of a chunk, whatever the strides.
template <typename Kernel>
void sum_channels(const Kernel& kernel, const Views<typename Kernel::Scalar, Kernel::inputs>& views,
                  const Chunk& chunk, Index c_begin, Index c_end, LoopOrder order,
                  const Slots& slots) {
  std::array<std::optional<ChannelSums<Kernel>>, std::size_t{channel_group}> sums;
  for (Index c = c_begin; c < c_end; ++c)
    sums[static_cast<std::size_t>(c - c_begin)].emplace(kernel, c);
  const Index run = chunk.inner_end - chunk.inner_begin;
  std::array<Index, Kernel::inputs> stride;
  for (std::size_t k = 0; k < Kernel::inputs; ++k) stride[k] = views[k].inner_stride;
  for (Index o = chunk.outer_begin; o < chunk.outer_end; ++o) {
    for (Index c = c_begin; c < c_end; ++c) {
      const auto from = pointers_at<Kernel>(views, o, c, chunk.inner_begin);
      auto& channel = *sums[static_cast<std::size_t>(c - c_begin)];
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
