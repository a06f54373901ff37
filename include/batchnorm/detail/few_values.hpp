#pragma once

#include <algorithm>
#include <array>

#include "../view.hpp"
#include "lanes.hpp"
#include "sums.hpp"

namespace batchnorm::detail {

/// Values per channel below which everything is summed in double: too few for the roundings of
/// `Scalar` to average out.
inline constexpr Index few_values = 16;

/// Values in double, of as many channels as a packet has lanes: a row of them each.
template <typename Scalar>
using Tile =
    std::array<std::array<double, std::size_t{lanes<PacketOf<Scalar>>}>, std::size_t{few_values}>;

/// Copies all values of channels [c, c + width) into rows of a tile.
template <typename Scalar>
void stage(const View<const Scalar>& view, Index c, Index width, Tile<Scalar>& tile) {
  using Wide = PacketOf<Scalar>;
  std::size_t row = 0;
  for (Index o = 0; o < view.outer; ++o) {
    for (Index i = 0; i < view.inner; ++i, ++row) {
      const Scalar* from = view.data + view.offset(o, c, i);
      if (width == lanes<Wide> && view.channel_stride == 1) {
        tile[row] = widened(load<Wide>(from));
      } else {
        for (Index l = 0; l < width; ++l)
          tile[row][static_cast<std::size_t>(l)] =
              static_cast<double>(from[l * view.channel_stride]);
      }
    }
  }
}

/// The sums of `value(packet of x, column)` over every column's x in the first `rows` rows of a
/// tile.
template <std::size_t Width, std::size_t Rows, typename Value>
std::array<double, Width> column_sums(const std::array<std::array<double, Width>, Rows>& tile,
                                      Index rows, const Value& value) {
  using Wide = PacketOf<double>;
  constexpr auto step = std::size_t{lanes<Wide>};
  std::array<Wide, Width / step> sums;
  sums.fill(broadcast<Wide>(0));
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    unroll<Width / step>([&](auto k) {
      sums[k] = add(sums[k], value(load<Wide>(tile[row].data() + k * step), k * step));
    });
  }
  std::array<double, Width> result;
  unroll<Width / step>([&](auto k) { store(result.data() + k * step, sums[k]); });
  return result;
}

/// Mean and m2 of channels [c_begin, c_end) with fewer than `few_values` values each, for any
/// strides: in two passes in double. A constant is its own mean, which the deviations are from.
template <typename Scalar>
void sum_few_values(const View<const Scalar>& view, Index c_begin, Index c_end,
                    const Slots& slots) {
  using Wide = PacketOf<double>;
  constexpr Index width = lanes<PacketOf<Scalar>>;
  const Index count = view.count();
  Tile<Scalar> tile{};
  for (Index c = c_begin; c < c_end; c += width) {
    const Index used = std::min(width, c_end - c);
    stage(view, c, used, tile);
    auto mean = tile[0];
    const auto deviation = [&](const Wide& x, std::size_t column) {
      return subtract(x, load<Wide>(mean.data() + column));
    };
    const auto sums = column_sums(tile, count, deviation);
    for (std::size_t l = 0; l < mean.size(); ++l) mean[l] += sums[l] / static_cast<double>(count);
    const auto m2 = column_sums(tile, count, [&](const Wide& x, std::size_t column) {
      const Wide d = deviation(x, column);
      return multiply(d, d);
    });
    std::copy_n(mean.data(), used, slots.row(0) + c);
    std::copy_n(m2.data(), used, slots.row(2) + c);
  }
}

}  // namespace batchnorm::detail
