#ifndef BATCHNORM_REDUCE_SUM_ROWS
#define BATCHNORM_REDUCE_SUM_ROWS

#include <algorithm>

#include "kernel.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// The running sums of channels that lie beside each other in every row, few enough for the nearest
/// cache. Rows are read in groups, each row of a group on a way of its own through memory that the
/// processor foresees.
template <typename Kernel>
class RowSums {
 public:
  using Wide = WideOf<Kernel>;
  static constexpr Index width = lanes<Wide>;
  /// Packets that the nearest caches hold the sums of, and at least half a page of memory in every
  /// row: less at once reads memory with gaps.
  static constexpr Index most_columns =
      std::max<Index>(64, 2048 / Index{sizeof(typename Kernel::Scalar)} / width);
  static constexpr Index most_channels = most_columns * width;

  /// At most `most_channels` channels [c_begin, c_end) of views that have at least a packet of
  /// them. The last packet reaches back where less than a packet is left.
  RowSums(const Kernel& kernel, const ViewsOf<Kernel>& views, Index c_begin, Index c_end)
      : kernel_(kernel),
        views_(views),
        c_begin_(c_begin),
        c_last_(c_end - width),
        columns_(divide_up(c_end - c_begin, width)) {
    for (std::size_t k = 0; k < Kernel::inputs; ++k) step_[k] = views[k].outer_stride;
  }

  /// Sums rows [begin, end); `before` is null where the rows shall tell the pilots.
  void add_rows(Index begin, Index end, const FirstAttempt* before) {
    start(begin, end - begin, before);
    const Index groups = (end - begin) / group;
    // Far apart, every row of a group goes on where that of the group before ended.
    const Index values = views_[0].count() * views_[0].channels;
    const bool apart = values > near_values;
    if (values > far_values)
      rows_ahead_ = divide_up(values_ahead, std::min(columns_ * width, views_[0].channels));
    const Index step = apart ? 1 : group;
    const Index distance = apart ? groups : 1;
    const Index block = Kernel::rows_in_block(views_[0].count()) / group;
    for (Index first = 0; first < groups; first += block) {
      const Index some = std::min(block, groups - first);
      begin_block();
      add_groups<group>(begin + first * step, distance, step, some);
      enter_block(some * group);
    }
    const Index left_over = end - begin - groups * group;
    if (left_over == 0) return;
    begin_block();
    add_groups<1>(end - left_over, 1, 1, left_over);
    enter_block(left_over);
  }

  void write(const Slots& slots) const {
    for (Index j = 0; j < columns_; ++j) {
      for (std::size_t k = 0; k < Kernel::sums; ++k) {
        const auto& sums = column(j).totals[k];
        const Index first = c_begin_ + j * width;
        // A known number of values is copied by vectors, an unknown one by a call.
        if (first == channel(j)) {
          std::copy_n(sums.data(), width, slots.row(k) + first);
        } else {
          std::copy(sums.begin() + (first - channel(j)), sums.end(), slots.row(k) + first);
        }
      }
    }
  }

 private:
  template <typename P>
  using Coefficients = typename Kernel::template Coefficients<P>;

  /// What a packet of channels has, side by side: in arrays of their own, what belongs to a column
  /// would lie a multiple of 4096 bytes apart, where a load waits for a store in flight.
  struct Column {
    Coefficients<Wide> coefficients;
    typename Kernel::template Part<Wide> part;
    Totals<Kernel> totals;
  };

  static constexpr Index group = 4;
  /// Values that fit the second-level cache, in which rows beside each other are read faster than
  /// rows apart.
  static constexpr Index near_values = 1 << 17;
  /// Of more than so many, rows come from so far away that the processor foresees too little.
  static constexpr Index far_values = 1 << 21;
  /// How far ahead they are asked for then.
  static constexpr Index values_ahead = 2048 / Index{sizeof(typename Kernel::Data)};

  Index channel(Index column) const { return std::min(c_begin_ + column * width, c_last_); }

  Column& column(Index j) { return column_[static_cast<std::size_t>(j)]; }
  const Column& column(Index j) const { return column_[static_cast<std::size_t>(j)]; }

  [[gnu::flatten]] void start(Index o, Index rows, const FirstAttempt* before) {
    for (Index j = 0; j < columns_; ++j) {
      Pilot<Wide> pilot{};
      if constexpr (Kernel::has_origin) {
        pilot =
            before != nullptr ? before->pilots<Wide>(channel(j)) : first_rows(o, channel(j), rows);
      }
      column(j).coefficients =
          kernel_.template begin<Wide>(channel(j), Spread::per_lane, pilot, column(j).totals);
    }
  }

  Pilot<Wide> first_rows(Index o, Index c, Index rows) const {
    const auto from = pointers_at<Kernel>(views_, o, c, 0)[0];
    return pilot_of_rows(
        [&](Index row) { return kernel_.value(load<Wide>(from + row * step_[0])); }, rows);
  }

  /// Sums `count` groups of rows, which begin with row `o` and lie `step` rows from each other; a
  /// group has `Rows` rows, `distance` from each other.
  template <Index Rows>
  [[gnu::flatten]] void add_groups(Index o, Index distance, Index step, Index count) {
    std::array<Pointers<Kernel>, std::size_t{Rows}> at;
    for (std::size_t row = 0; row < at.size(); ++row)
      at[row] = pointers_at<Kernel>(views_, o + static_cast<Index>(row) * distance, 0, 0);
    Strides<Kernel> by = step_;
    for (Index& stride : by) stride *= step;
    Strides<Kernel> ahead = by;
    for (Index& stride : ahead) stride *= rows_ahead_;
    add_group(at, ahead);
    for (Index k = 1; k < count; ++k) {
      if (k % (settled_rows / group) == 0) settle();
      unroll<Rows>([&](auto row) { at[row] = advanced(at[row], by); });
      add_group(at, ahead);
    }
  }

  void settle() {
    for (Index j = 0; j < columns_; ++j) column(j).part.settle();
  }

  /// Adds a group of rows to the parts of all columns. What lies `ahead` is asked for, unless
  /// that is 0.
  template <std::size_t Rows>
  void add_group(const std::array<Pointers<Kernel>, Rows>& at, const Strides<Kernel>& ahead) {
    // Copies: what is behind `this` must be read anew after every store of a packet.
    const Kernel kernel = kernel_;
    const Index columns = columns_;
    const Index last = c_last_;
    Index c = c_begin_;
    for (Index j = 0; j < columns; ++j, c += width) {
      std::array<Row<Kernel>, Rows> rows;
      unroll<Rows>([&](auto r) { rows[r] = row_at<Kernel>(advanced(at[r], std::min(c, last))); });
      if (ahead[0] > 0 && (c - c_begin_) % values_in_line<typename Kernel::Data> < width)
        ask_for(at, ahead, c);
      if constexpr (Rows == 1) {
        kernel.add(column(j).part, column(j).coefficients, rows[0]);
      } else {
        kernel.add(column(j).part, column(j).coefficients, rows);
      }
    }
  }

  template <std::size_t Rows>
  static void ask_for(const std::array<Pointers<Kernel>, Rows>& at, const Strides<Kernel>& ahead,
                      Index c) {
    unroll<Rows>([&](auto row) {
      unroll<Kernel::inputs>([&](auto k) { prefetch(at[row][k] + ahead[k] + c); });
    });
  }

  [[gnu::flatten]] void begin_block() {
    for (Index j = 0; j < columns_; ++j) column(j).part = kernel_.none(column(j).coefficients);
  }

  [[gnu::flatten]] void enter_block(Index rows) {
    for (Index j = 0; j < columns_; ++j)
      kernel_.enter(column(j).part, rows, column(j).coefficients, column(j).totals);
  }

  const Kernel& kernel_;
  const ViewsOf<Kernel>& views_;
  Index c_begin_;
  Index c_last_;
  Index columns_;
  Index rows_ahead_ = 0;
  Strides<Kernel> step_;
  std::array<Column, std::size_t{most_columns}> column_;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
