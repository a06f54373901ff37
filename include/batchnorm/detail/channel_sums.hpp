#pragma once

#include <algorithm>

#include "block_rows.hpp"

namespace batchnorm::detail {

template <typename Scalar>
void copy_strided(const Scalar *from, Index stride, Index count, Scalar *to) {
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

  ChannelSums(const Kernel &kernel, Index channel)
      : kernel_(kernel),
        packets_(kernel.template coefficients<Wide>(channel, Spread::same)),
        scalars_(kernel.template coefficients<Scalar>(channel, Spread::same)) {}

  /// Starts from an origin that was chosen for the channel.
  void start_from(double origin) {
    sums_[0].fill(origin);
    start_ = Start::resume;
  }

  /// Adds `count` contiguous values.
  void add_run(Pointers<Kernel> from, Index count) {
    if (listed_ == 0) {
      const Index rows = count / width - count / width % block_rows;
      if (rows > 0) add_contiguous(from, rows);
      count -= rows * width;
    }
    for (; count >= width; count -= width) {
      list_.rows[static_cast<std::size_t>(listed_++)] = from;
      for (const Scalar *&pointer : from) pointer += width;
      if (listed_ == listed_rows) flush_list();
    }
    add_strided(from, contiguous(), count);
  }

  /// Adds `count` values at any strides.
  void add_strided(Pointers<Kernel> from, const Strides &stride, Index count) {
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

  void finish(const Slots &slots, Index channel) {
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
  void add_packets(const typename Kernel::template Coefficients<P> &coefficients, const Rows &rows,
                   Index count) {
    Lanes<Kernel::sums> lanes_of_sums{{}, 0, lanes<P>};
    for (std::size_t k = 0; k < Kernel::sums; ++k) lanes_of_sums.sums[k] = sums_[k].data();
    kernel_.template add_rows<P>(coefficients, rows, count, lanes_of_sums, start_);
    start_ = Start::resume;
  }

  /// Adds `rows` packets and moves the pointers behind them.
  void add_contiguous(Pointers<Kernel> &from, Index rows) {
    add_packets<Wide>(packets_, SteppedRows<Kernel>{from, contiguous(width)}, rows);
    for (const Scalar *&pointer : from) pointer += rows * width;
  }

  void flush_list() {
    add_packets<Wide>(packets_, list_, listed_);
    listed_ = 0;
  }

  void flush_gathered() {
    Pointers<Kernel> from;
    for (std::size_t k = 0; k < Kernel::inputs; ++k) from[k] = buffers_[k].data();
    if (gathered_ >= width) add_contiguous(from, gathered_ / width);
    if (gathered_ % width > 0) {
      add_packets<Scalar>(scalars_, SteppedRows<Kernel>{from, contiguous()}, gathered_ % width);
    }
    gathered_ = 0;
  }

  const Kernel &kernel_;
  typename Kernel::template Coefficients<Wide> packets_;
  typename Kernel::template Coefficients<Scalar> scalars_;
  std::array<std::array<double, std::size_t{width}>, Kernel::sums> sums_{};
  Start start_ = Start::together;
  ListedRows<Kernel> list_;
  Index listed_ = 0;
  std::array<std::array<Scalar, std::size_t{capacity}>, Kernel::inputs> buffers_;
  Index gathered_ = 0;
};

}  // namespace batchnorm::detail
