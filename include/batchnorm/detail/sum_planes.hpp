#pragma once

#include <algorithm>

#include "sums.hpp"

namespace batchnorm::detail {

/// The running sums of one channel, whose values lie in runs: a sum per lane, added up at the end.
template <typename Kernel>
class PlaneSums {
 public:
  using Scalar = typename Kernel::Scalar;
  using Wide = WideOf<Kernel>;
  static constexpr Index width = lanes<Wide>;

  /// Begins the sums of a channel, from which at most `block` rows are summed at once.
  void begin(const Kernel& kernel, Index channel, Index block, const Pilot<Scalar>& pilot) {
    const Pilot<Wide> same{broadcast<Wide>(pilot.origin), broadcast<Wide>(pilot.magnitude)};
    kernel_ = &kernel;
    block_ = block;
    coefficients_ = kernel.template begin<Wide>(channel, Spread::same, same, totals_);
  }

  /// Adds `runs` runs of `length` contiguous values. Where `length` is no multiple of a packet, as
  /// many values before a run must be readable as miss.
  void add_runs(Pointers<Kernel> from, const Strides<Kernel>& step, Index runs, Index length) {
    const Index rows = divide_up(length, width);
    const Index together = std::max<Index>(block_ / rows, 1);
    for (Index run = 0; run < runs; run += together) {
      const Index taken = std::min(together, runs - run);
      if (rows <= block_) {
        add_block(from, step, taken, length);
      } else {
        add_long_run(from, length);
      }
      for (Index k = 0; k < taken; ++k) from = advanced(from, step);
    }
  }

  void write(const Slots& slots, Index channel) const {
    for (std::size_t k = 0; k < Kernel::sums; ++k) {
      const bool is_origin = Kernel::has_origin && k == 0;
      slots(k, channel) = is_origin ? totals_[k][0] : sum_of(totals_[k]);
    }
  }

 private:
  using Coefficients = typename Kernel::template Coefficients<Wide>;
  using Part = typename Kernel::template Part<Wide>;

  void add_long_run(Pointers<Kernel> from, Index length) {
    const Index piece = block_ * width;
    for (Index i = 0; i < length; i += piece)
      add_block(advanced(from, i), {}, 1, std::min(piece, length - i));
  }

  /// Adds runs that together have at most `block_` rows.
  [[gnu::flatten]] void add_block(Pointers<Kernel> from, const Strides<Kernel>& step, Index runs,
                                  Index length) {
    const Coefficients k = coefficients_;
    Part part = kernel_->none(k);
    Part other = part;
    const Index whole = length / width;
    const Index tail = length % width;
    for (Index run = 0; run < runs; ++run, from = advanced(from, step)) {
      add_rows(part, other, k, from, whole);
      if (tail > 0) add_tail(other, k, advanced(from, length - width), width - tail);
    }
    Kernel::merge(part, other, k);
    kernel_->enter(part, runs * divide_up(length, width), k, totals_);
  }

  /// Adds rows in groups, to two parts in turn: that keeps the processor busy.
  void add_rows(Part& part, Part& other, const Coefficients& k, const Pointers<Kernel>& from,
                Index rows) const {
    const auto at = [&](Index row) { return row_at<Kernel>(advanced(from, row * width)); };
    const auto group = [&](Index row) {
      return std::array{at(row), at(row + 1), at(row + 2), at(row + 3)};
    };
    Index row = 0;
    for (; row + 8 <= rows; row += 8) {
      kernel_->add(part, k, group(row));
      kernel_->add(other, k, group(row + 4));
    }
    if (row + 4 <= rows) {
      kernel_->add(part, k, group(row));
      row += 4;
    }
    for (; row + 2 <= rows; row += 2) {
      kernel_->add(part, k, at(row));
      kernel_->add(other, k, at(row + 1));
    }
    if (row < rows) kernel_->add(part, k, at(row));
  }

  /// Adds the packet at `from`, whose lanes before `first` were added before.
  void add_tail(Part& part, const Coefficients& k, const Pointers<Kernel>& from,
                Index first) const {
    const auto idle = kernel_->idle(k);
    Row<Kernel> row = row_at<Kernel>(from);
    unroll<Kernel::inputs>([&](auto i) { row[i] = replace_before(first, row[i], idle[i]); });
    kernel_->add(part, k, row);
  }

  const Kernel* kernel_;
  Index block_;
  Totals<Kernel> totals_;
  Coefficients coefficients_;
};

/// Collects values that lie apart, until there are enough for a run.
template <typename Kernel>
class Gathered {
 public:
  using Scalar = typename Kernel::Scalar;

  explicit Gathered(PlaneSums<Kernel>& sums) : sums_(sums) {}

  void add(Pointers<Kernel> from, const Strides<Kernel>& step, Index count) {
    while (count > 0) {
      const Index taken = std::min(count, capacity - held_);
      for (std::size_t k = 0; k < Kernel::inputs; ++k) {
        Scalar* to = values_[k].data() + padding + held_;
        for (Index i = 0; i < taken; ++i) to[i] = from[k][i * step[k]];
        from[k] += taken * step[k];
      }
      held_ += taken;
      count -= taken;
      if (held_ == capacity) flush();
    }
  }

  void flush() {
    if (held_ == 0) return;
    Pointers<Kernel> from;
    for (std::size_t k = 0; k < Kernel::inputs; ++k) from[k] = values_[k].data() + padding;
    sums_.add_runs(from, {}, 1, held_);
    held_ = 0;
  }

 private:
  static constexpr Index padding = PlaneSums<Kernel>::width;
  static constexpr Index capacity = block_rows * PlaneSums<Kernel>::width;

  PlaneSums<Kernel>& sums_;
  std::array<std::array<Scalar, std::size_t{padding + capacity}>, Kernel::inputs> values_{};
  Index held_ = 0;
};

}  // namespace batchnorm::detail
