#ifndef BATCHNORM_REDUCE_SUM_PLANES
#define BATCHNORM_REDUCE_SUM_PLANES

#include <algorithm>

#include "kernel.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// The running sums of one channel, whose values lie in runs: a sum per lane, added up at the end.
template <typename Kernel>
class PlaneSums {
 public:
  using Scalar = typename Kernel::Scalar;
  using Wide = WideOf<Kernel>;
  static constexpr Index width = lanes<Wide>;

  /// Begins the sums of a channel, from which at most `block` rows are summed at once. What follows
  /// `ahead` values behind a row is asked for, unless that is 0.
  void begin(const Kernel& kernel, Index channel, Index block, Index ahead,
             const Pilot<Scalar>& pilot) {
    const Pilot<Wide> same{broadcast<Wide>(pilot.origin), broadcast<Wide>(pilot.magnitude)};
    kernel_ = &kernel;
    block_ = block;
    ahead_ = ahead;
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

  /// The rows of runs one after the other; what is missing in the last row of a run is idle.
  class Rows {
   public:
    Rows(const Row<Kernel>& idle, const Pointers<Kernel>& from, const Strides<Kernel>& step,
         Index length, Index ahead)
        : idle_(idle),
          from_(from),
          at_(from),
          step_(step),
          whole_(length / width),
          tail_(length % width),
          ahead_(ahead) {}

    /// Inlined also where clang++ would not, which knows nothing of flattening calls of calls.
    [[gnu::always_inline]] Row<Kernel> next() {
      if (taken_ < whole_) {
        const Row<Kernel> row = row_at<Kernel>(at_);
        if (ahead_ > 0) unroll<Kernel::inputs>([&](auto i) { prefetch(at_[i] + ahead_); });
        at_ = advanced(at_, width);
        if (++taken_ == whole_ && tail_ == 0) next_run();
        return row;
      }
      Row<Kernel> row = row_at<Kernel>(advanced(at_, tail_ - width));
      unroll<Kernel::inputs>(
          [&](auto i) { row[i] = replace_before(width - tail_, row[i], idle_[i]); });
      next_run();
      return row;
    }

   private:
    void next_run() {
      from_ = advanced(from_, step_);
      at_ = from_;
      taken_ = 0;
    }

    Row<Kernel> idle_;
    Pointers<Kernel> from_;
    Pointers<Kernel> at_;
    Strides<Kernel> step_;
    Index whole_;
    Index tail_;
    Index ahead_;
    Index taken_ = 0;
  };

  void add_long_run(Pointers<Kernel> from, Index length) {
    const Index piece = block_ * width;
    for (Index i = 0; i < length; i += piece)
      add_block(advanced(from, i), {}, 1, std::min(piece, length - i));
  }

  /// Adds runs that together have at most `block_` rows: in groups, to two parts in turn, which
  /// keeps the processor busy and rounds little.
  [[gnu::flatten]] void add_block(const Pointers<Kernel>& from, const Strides<Kernel>& step,
                                  Index runs, Index length) {
    const Coefficients k = coefficients_;
    Part part = kernel_->none(k);
    Part other = part;
    const Index count = runs * divide_up(length, width);
    Rows rows(kernel_->idle(k), from, step, length, ahead_);
    const auto group = [&] {
      return std::array{rows.next(), rows.next(), rows.next(), rows.next()};
    };
    Index row = 0;
    for (; row + 8 <= count; row += 8) {
      kernel_->add(part, k, group());
      kernel_->add(other, k, group());
    }
    if (row + 4 <= count) {
      kernel_->add(part, k, group());
      row += 4;
    }
    for (; row < count; ++row) kernel_->add(other, k, rows.next());
    Kernel::merge(part, other, k);
    kernel_->enter(part, count, k, totals_);
  }

  const Kernel* kernel_;
  Index block_;
  Index ahead_;
  Totals<Kernel> totals_;
  Coefficients coefficients_;
};

/// Collects values that lie apart, until there are enough for a run.
template <typename Kernel>
class Gathered {
 public:
  using Scalar = typename Kernel::Scalar;

  static constexpr Index capacity = block_rows * PlaneSums<Kernel>::width;

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

  PlaneSums<Kernel>& sums_;
  std::array<std::array<Scalar, std::size_t{padding + capacity}>, Kernel::inputs> values_{};
  Index held_ = 0;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
