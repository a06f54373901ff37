#ifndef BATCHNORM_REDUCE_SMALL_BATCH_ROWS
#define BATCHNORM_REDUCE_SMALL_BATCH_ROWS

#include <algorithm>
#include <array>
#include <type_traits>

#include "small_batch.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Whether `views` have so few rows of channels beside each other that they are best summed in
/// double: fewer of those from far away, since the processor foresees rows and not columns.
template <typename Sums>
bool is_small_batch_of_rows(const ViewsOf<Sums>& views, LoopOrder order) {
  constexpr Index near_values = 1 << 18;
  const auto& x = views[0];
  if (order != LoopOrder::rows || x.channels < lanes<WideOf<Sums>>) return false;
  const Index values = x.outer * x.channels * Index{Sums::inputs};
  return x.outer <= (values <= near_values ? Sums::most_rows_near : Sums::most_rows_far);
}

/// Sums `rows` rows of `Packets` packets of channels from `c` on.
template <std::size_t Packets, typename Sums>
[[gnu::flatten]] void sum_small_batch_rows(const Sums& sums, Pointers<Sums> from,
                                           const Strides<Sums>& step, Index rows,
                                           const Slots& slots, Index c) {
  constexpr Index width = lanes<WideOf<Sums>>;
  const double share = share_of(rows);
  std::array<typename Sums::Part, Packets> parts;
  unroll<Packets>([&](auto k) {
    constexpr Index at = Index{k} * width;
    parts[k] = sums.begin(c + at, Spread::per_lane, advanced(from, at));
  });
  const auto add_all = [&](Pointers<Sums> at) {
    for (Index row = 0; row < rows; ++row, at = advanced(at, step))
      unroll<Packets>([&](auto k) { sums.add(parts[k], advanced(at, Index{k} * width)); });
  };
  add_all(from);
  if constexpr (Sums::looks_again) {
    bool far = false;
    unroll<Packets>([&](auto k) { far |= sums.is_far(parts[k], Spread::per_lane, share); });
    if (far) {
      unroll<Packets>([&](auto k) { parts[k] = sums.again(parts[k], Spread::per_lane, share); });
      add_all(from);
    }
  }
  unroll<Packets>([&](auto k) { sums.write(parts[k], share, slots, c + Index{k} * width); });
}

/// Sums channels [c_begin, c_end), at least a packet of them. The last packet reaches back where
/// less than a packet is left.
template <typename Sums>
void sum_small_batch_rows(const Sums& sums, const ViewsOf<Sums>& views, Index c_begin, Index c_end,
                          const Slots& slots) {
  constexpr Index width = lanes<WideOf<Sums>>;
  constexpr Index together = 2;
  const Strides<Sums> step = outer_strides<Sums>(views);
  const auto sum = [&](auto packets, Index c) {
    sum_small_batch_rows<packets>(sums, pointers_at<Sums>(views, 0, c, 0), step, views[0].outer,
                                  slots, c);
  };
  Index c = c_begin;
  for (; c + together * width <= c_end; c += together * width)
    sum(std::integral_constant<std::size_t, together>{}, c);
  for (; c < c_end; c += width)
    sum(std::integral_constant<std::size_t, 1>{}, std::min(c, c_end - width));
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
