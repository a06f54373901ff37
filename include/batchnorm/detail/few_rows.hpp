#pragma once

#include <algorithm>
#include <array>
#include <type_traits>

#include "arrange.hpp"
#include "sums.hpp"
#include "widened.hpp"

// A few rows of channels beside each other are summed in double, some packets of channels at a
// time, whose sums stand in registers: what begins and ends the sums of `Scalar` would cost more
// than the values. What is summed is said by a type with
//   Scalar, inputs   the type and number of its inputs
//   most_rows_near   rows up to which this is faster where all values are in the nearer caches,
//   most_rows_far    and where they come from farther away
//   Part             the sums of a packet of channels, and what they need
//   begin            begins a part, for channels from some on, whose first row is given
//   add, write       adds a row to a part; writes what was summed of some rows
namespace batchnorm::detail {

/// Whether `views` have so few rows of channels beside each other that they are best summed so:
/// fewer of those from far away, since the processor foresees rows and not columns.
template <typename Sums>
bool has_few_rows(const ViewsOf<Sums>& views, LoopOrder order) {
  constexpr Index near_values = 1 << 18;
  const View<const typename Sums::Scalar>& view = views[0];
  if (order != LoopOrder::rows || view.channels < lanes<WideOf<Sums>>) return false;
  const Index values = view.outer * view.channels * Index{Sums::inputs};
  return view.outer <= (values <= near_values ? Sums::most_rows_near : Sums::most_rows_far);
}

/// Sums `rows` rows of `Packets` packets of channels from `c` on.
template <std::size_t Packets, typename Sums>
[[gnu::flatten]] void sum_few_rows(const Sums& sums, Pointers<Sums> from, const Strides<Sums>& step,
                                   Index rows, const Slots& slots, Index c) {
  constexpr Index width = lanes<WideOf<Sums>>;
  std::array<typename Sums::Part, Packets> parts;
  unroll<Packets>([&](auto k) {
    parts[k] = sums.begin(c + Index{k} * width, advanced(from, Index{k} * width));
  });
  for (Index row = 0; row < rows; ++row, from = advanced(from, step))
    unroll<Packets>([&](auto k) { sums.add(parts[k], advanced(from, Index{k} * width)); });
  unroll<Packets>([&](auto k) { sums.write(parts[k], rows, slots, c + Index{k} * width); });
}

/// Sums channels [c_begin, c_end), at least a packet of them. The last packet reaches back where
/// less than a packet is left.
template <typename Sums>
void sum_few_rows(const Sums& sums, const ViewsOf<Sums>& views, Index c_begin, Index c_end,
                  const Slots& slots) {
  constexpr Index width = lanes<WideOf<Sums>>;
  constexpr Index together = 2;
  Strides<Sums> step;
  for (std::size_t k = 0; k < Sums::inputs; ++k) step[k] = views[k].outer_stride;
  const auto sum = [&](auto packets, Index c) {
    sum_few_rows<packets>(sums, pointers_at<Sums>(views, 0, c, 0), step, views[0].outer, slots, c);
  };
  Index c = c_begin;
  for (; c + together * width <= c_end; c += together * width)
    sum(std::integral_constant<std::size_t, together>{}, c);
  for (; c < c_end; c += width)
    sum(std::integral_constant<std::size_t, 1>{}, std::min(c, c_end - width));
}

}  // namespace batchnorm::detail
