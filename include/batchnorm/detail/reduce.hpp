#pragma once

#include <algorithm>
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
auto pointers_at(const Views<typename Kernel::Scalar, Kernel::inputs>& views, Index o, Index c,
                 Index i) {
  std::array<const typename Kernel::Scalar*, Kernel::inputs> result;
  for (std::size_t k = 0; k < Kernel::inputs; ++k)
    result[k] = views[k].data + views[k].offset(o, c, i);
  return result;
}

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
      kernel.template add_block<Wide>(kernel.template coefficients<Wide>(at, Spread::per_lane),
                                      pointers_at<Kernel>(views, o, at, 0), step, rows,
                                      lanes_at<Kernel>(slots, at, c - at, width), start);
    }
  }
}

/// The running sums of one channel: a sum per lane, added up at the end.
template <typename Kernel>
class ChannelSums {
 public:
  using Scalar = typename Kernel::Scalar;
  using Wide = PacketOf<Scalar>;
  using Pointers = std::array<const Scalar*, Kernel::inputs>;

  ChannelSums(const Kernel& kernel, Index channel)
      : kernel_(kernel),
        packets_(kernel.template coefficients<Wide>(channel, Spread::same)),
        scalars_(kernel.template coefficients<Scalar>(channel, Spread::same)) {}

  /// Adds `count` contiguous values.
  void add_run(Pointers from, Index count) {
    for (; count >= width; count -= advance(from, count)) {
      add_rows<Wide>(packets_, from, width, std::min(count / width, block_rows));
    }
    if (count > 0) add_rows<Scalar>(scalars_, from, 1, count);
  }

  void collapse(const Slots& slots, Index channel) const {
    for (std::size_t k = 0; k < Kernel::sums; ++k) {
      const bool is_origin = Kernel::has_origin && k == 0;
      double total = sums_[k][0];
      for (std::size_t l = 1; l < (is_origin ? 1 : std::size_t{width}); ++l) total += sums_[k][l];
      slots(k, channel) = total;
    }
  }

 private:
  static constexpr Index width = lanes<Wide>;

  static Index advance(Pointers& from, Index count) {
    const Index values = std::min(count / width, block_rows) * width;
    for (const Scalar*& pointer : from) pointer += values;
    return values;
  }

  template <typename P>
  void add_rows(const typename Kernel::template Coefficients<P>& coefficients, const Pointers& from,
                Index step, Index rows) {
    std::array<Index, Kernel::inputs> steps;
    steps.fill(step);
    Lanes<Kernel::sums> lanes_of_sums{{}, 0, lanes<P>};
    for (std::size_t k = 0; k < Kernel::sums; ++k) lanes_of_sums.sums[k] = sums_[k].data();
    kernel_.template add_block<P>(coefficients, from, steps, rows, lanes_of_sums, start_);
    start_ = Start::resume;
  }

  const Kernel& kernel_;
  typename Kernel::template Coefficients<Wide> packets_;
  typename Kernel::template Coefficients<Scalar> scalars_;
  std::array<std::array<double, std::size_t{width}>, Kernel::sums> sums_{};
  Start start_ = Start::together;
};

template <typename Scalar>
void copy_strided(const Scalar* from, Index stride, Index count, Scalar* to) {
  if (stride == 1) {
    std::copy_n(from, count, to);
  } else {
    for (Index i = 0; i < count; ++i) to[i] = from[i * stride];
  }
}

/// Values of one channel, gathered until they fill a block.
template <typename Kernel>
class Gather {
 public:
  using Scalar = typename Kernel::Scalar;
  static constexpr Index capacity = block_rows * lanes<PacketOf<Scalar>>;

  explicit Gather(ChannelSums<Kernel>& sums) : sums_(sums) {}

  void add_run(std::array<const Scalar*, Kernel::inputs> from,
               const std::array<Index, Kernel::inputs>& stride, Index count) {
    while (count > 0) {
      const Index taken = std::min(count, capacity - filled_);
      for (std::size_t k = 0; k < Kernel::inputs; ++k) {
        copy_strided(from[k], stride[k], taken, buffers_[k].data() + filled_);
        from[k] += taken * stride[k];
      }
      filled_ += taken;
      count -= taken;
      if (filled_ == capacity) flush();
    }
  }

  void flush() {
    std::array<const Scalar*, Kernel::inputs> from;
    for (std::size_t k = 0; k < Kernel::inputs; ++k) from[k] = buffers_[k].data();
    sums_.add_run(from, filled_);
    filled_ = 0;
  }

 private:
  ChannelSums<Kernel>& sums_;
  std::array<std::array<Scalar, std::size_t{capacity}>, Kernel::inputs> buffers_;
  Index filled_ = 0;
};

/// Sums one channel of a chunk, whatever the strides.
template <typename Kernel>
void sum_channel(const Kernel& kernel, const Views<typename Kernel::Scalar, Kernel::inputs>& views,
                 const Chunk& chunk, Index channel, LoopOrder order, const Slots& slots) {
  ChannelSums<Kernel> sums(kernel, channel);
  const Index run = chunk.inner_end - chunk.inner_begin;
  if (order == LoopOrder::planes && run >= Gather<Kernel>::capacity) {
    for (Index o = chunk.outer_begin; o < chunk.outer_end; ++o) {
      sums.add_run(pointers_at<Kernel>(views, o, channel, chunk.inner_begin), run);
    }
  } else {
    Gather<Kernel> gather(sums);
    std::array<Index, Kernel::inputs> stride;
    for (std::size_t k = 0; k < Kernel::inputs; ++k) stride[k] = views[k].inner_stride;
    for (Index o = chunk.outer_begin; o < chunk.outer_end; ++o) {
      gather.add_run(pointers_at<Kernel>(views, o, channel, chunk.inner_begin), stride, run);
    }
    gather.flush();
  }
  sums.collapse(slots, channel);
}

/// Sums channels [c_begin, c_end) of a chunk.
template <typename Kernel>
void sum_chunk(const Kernel& kernel, const Views<typename Kernel::Scalar, Kernel::inputs>& views,
               const Chunk& chunk, Index c_begin, Index c_end, LoopOrder order,
               const Slots& slots) {
  if (order == LoopOrder::rows && c_end >= lanes<PacketOf<typename Kernel::Scalar>>) {
    sum_rows(kernel, views, chunk, c_begin, c_end, slots);
  } else {
    for (Index c = c_begin; c < c_end; ++c) sum_channel(kernel, views, chunk, c, order, slots);
  }
}

/// Channels that one task sums: all of them in the calling thread, few enough to feed every thread
/// of a device. No channel's result depends on it.
template <typename Executor>
Index channels_per_task(const Executor& executor, LoopOrder order, Index channels) {
  constexpr Index tile = 256;
  if (order != LoopOrder::rows) return 1;
  return executor.threads() == 1 ? std::max<Index>(channels, 1) : tile;
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
