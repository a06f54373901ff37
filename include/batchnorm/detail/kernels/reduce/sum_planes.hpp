#ifndef BATCHNORM_REDUCE_SUM_PLANES
#define BATCHNORM_REDUCE_SUM_PLANES

#include <algorithm>
#include <utility>

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
    const Index together = 2 * std::max<Index>(block_ / (2 * rows), 1);
    for (Index run = 0; run < runs; run += together) {
      const Index taken = std::min(together, runs - run);
      if (taken == 1) return add_run(from, length);
      const Pointers<Kernel> others = advanced(from, step, divide_up(taken, 2));
      if (2 * rows <= block_) {
        add_block({from, divide_up(taken, 2)}, {others, taken / 2}, length, step);
      } else {
        add_long_runs(from, others, length);
      }
      from = advanced(from, step, taken);
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

  /// `count` runs, the first at `from`.
  struct RunRange {
    Pointers<Kernel> from;
    Index count;
  };

  /// How rows follow each other: a run has `whole` packets and a `tail`, and runs are a `step`
  /// apart.
  struct Walk {
    Walk(const Row<Kernel>& idle_row, Index length, const Strides<Kernel>& run_step, Index far)
        : idle(idle_row), step(run_step), whole(length / width), tail(length % width), ahead(far) {}

    Index rows() const { return whole + (tail > 0 ? 1 : 0); }

    Row<Kernel> idle;
    Strides<Kernel> step;
    Index whole;
    Index tail;
    Index ahead;
    Index hop = 4;  ///< rows from four to the next four
  };

  /// The rows of runs one after the other; what is missing in the last row of a run is idle.
  class Rows {
   public:
    explicit Rows(const Pointers<Kernel>& from, Index first = 0)
        : from_(from), at_(advanced(from, first * width)), taken_(first) {}

    /// Inlined also where clang++ would not, which knows nothing of flattening calls of calls.
    [[gnu::always_inline]] Row<Kernel> next(const Walk& walk) {
      if (taken_ < walk.whole) {
        const Row<Kernel> row = row_at<Kernel>(at_);
        if (walk.ahead > 0) unroll<Kernel::inputs>([&](auto i) { prefetch(at_[i] + walk.ahead); });
        at_ = advanced(at_, width);
        if (++taken_ == walk.whole && walk.tail == 0) next_run(walk);
        return row;
      }
      Row<Kernel> row = row_at<Kernel>(advanced(at_, walk.tail - width));
      unroll<Kernel::inputs>(
          [&](auto i) { row[i] = replace_before(width - walk.tail, row[i], walk.idle[i]); });
      next_run(walk);
      return row;
    }

    /// The next four. Where a run has no more than four whole packets left, they are taken one by
    /// one, on into the next run; with a hop of 8 that happens in the last four only.
    [[gnu::always_inline]] std::array<Row<Kernel>, 4> next_four(const Walk& walk) {
      if (walk.whole - taken_ <= 4) return {next(walk), next(walk), next(walk), next(walk)};
      std::array<Row<Kernel>, 4> rows;
      unroll<4>([&](auto k) { rows[k] = row_at<Kernel>(advanced(at_, k * width)); });
      if (walk.ahead > 0) ask(walk.ahead);
      at_ = advanced(at_, walk.hop * width);
      taken_ += walk.hop;
      return rows;
    }

   private:
    void ask(Index ahead) const {
      constexpr Index line = values_in_line<typename Kernel::Data>;
      unroll<std::size_t{4 * width / line}>([&](auto k) {
        unroll<Kernel::inputs>([&](auto i) { prefetch(at_[i] + ahead + Index{k} * line); });
      });
    }

    void next_run(const Walk& walk) {
      from_ = advanced(from_, walk.step);
      at_ = from_;
      taken_ = 0;
    }

    Pointers<Kernel> from_;
    Pointers<Kernel> at_;
    Index taken_;
  };

  /// Two runs, a piece of each at once.
  void add_long_runs(const Pointers<Kernel>& first, const Pointers<Kernel>& second, Index length) {
    const Index piece = block_ / 2 * width;
    for (Index i = 0; i < length; i += piece) {
      add_block({advanced(first, i), 1}, {advanced(second, i), 1}, std::min(piece, length - i), {});
    }
  }

  void add_run(const Pointers<Kernel>& from, Index length) {
    const Index piece = block_ * width;
    for (Index i = 0; i < length; i += piece)
      add_block({advanced(from, i), 1}, {advanced(from, i), 0}, std::min(piece, length - i), {});
  }

  /// Adds runs that together have at most `block_` rows, to two parts, which keeps the processor
  /// busy and rounds little: one is of `a` and one of `b`, since memory is read faster in two
  /// places at once; or where there is no `b`, fours of rows of `a` go to both in turn. One copy of
  /// the code adds what is left over.
  [[gnu::flatten]] void add_block(const RunRange& a, const RunRange& b, Index length,
                                  const Strides<Kernel>& step) {
    const Coefficients k = coefficients_;
    Part part = kernel_->none(k);
    Part other = part;
    const bool alone = b.count == 0;
    Walk walk(kernel_->idle(k), length, step, ahead_);
    if (alone) walk.hop = 8;
    Rows of_a(a.from);
    Rows of_b(b.from, alone && walk.whole >= 8 ? 4 : 0);
    const Index rows = walk.rows();
    const Index groups = alone ? walk.whole / 8 : b.count * rows / 4;
    for (Index group = 0; group < groups; ++group) {
      kernel_->add(part, k, of_a.next_four(walk));
      kernel_->add(other, k, of_b.next_four(walk));
    }
    Index left = a.count * rows - walk.hop * groups;
    Index others = alone ? 0 : b.count * rows - 4 * groups;
    walk.hop = 4;
    part.settle();
    while (left > 0) {
      for (; left >= 4; left -= 4) kernel_->add(part, k, of_a.next_four(walk));
      for (; left > 0; --left) kernel_->add(part, k, of_a.next(walk));
      of_a = of_b;
      left = std::exchange(others, 0);
    }
    Kernel::merge(part, other, k);
    kernel_->enter(part, (a.count + b.count) * rows, k, totals_);
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
  using Data = typename Kernel::Data;

  static constexpr Index capacity = block_rows * PlaneSums<Kernel>::width;

  explicit Gathered(PlaneSums<Kernel>& sums) : sums_(sums) {}

  void add(Pointers<Kernel> from, const Strides<Kernel>& step, Index count) {
    while (count > 0) {
      const Index taken = std::min(count, capacity - held_);
      for (std::size_t k = 0; k < Kernel::inputs; ++k) {
        Data* to = values_[k].data() + padding + held_;
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
  std::array<std::array<Data, std::size_t{padding + capacity}>, Kernel::inputs> values_{};
  Index held_ = 0;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
