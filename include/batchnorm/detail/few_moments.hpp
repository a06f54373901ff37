#pragma once

#include <algorithm>
#include <array>

#include "few_rows.hpp"

namespace batchnorm::detail {

/// Mean and m2 of few values, in double from the first value as the origin. Of n values the squares
/// lose at most a factor of n to the origin's distance from the mean, which double has digits for;
/// a constant is its own mean.
template <typename S>
struct FewMoments {
  using Scalar = S;
  static constexpr std::size_t inputs = 1;
  static constexpr Index most_rows_near = 64;
  static constexpr Index most_rows_far = 32;

  struct Part {
    Widened<Scalar> origin;
    Widened<Scalar> sum;
    Widened<Scalar> squares;
  };

  Part begin(Index /*channel*/, const Pointers<FewMoments>& from) const {
    return {Widened<Scalar>::load(from[0]), Widened<Scalar>::zero(), Widened<Scalar>::zero()};
  }

  void add(Part& part, const Pointers<FewMoments>& from) const {
    const auto x = Widened<Scalar>::load(from[0]);
    unroll<x.size>([&](auto k) {
      const auto d = subtract(x[k], part.origin[k]);
      part.sum[k] = detail::add(part.sum[k], d);
      part.squares[k] = multiply_add(d, d, part.squares[k]);
    });
  }

  void write(const Part& part, Index rows, const Slots& slots, Index channel) const {
    using Wide = PacketOf<double>;
    const Wide none = broadcast<Wide>(0);
    const Wide share = broadcast<Wide>(1.0 / static_cast<double>(rows));
    auto mean = part.origin;
    auto m2 = part.squares;
    unroll<mean.size>([&](auto k) {
      const Wide shift = multiply(part.sum[k], share);
      const Wide difference = subtract(m2[k], multiply(part.sum[k], shift));
      mean[k] = detail::add(mean[k], shift);
      m2[k] = select_less(difference, none, none, difference);
    });
    mean.write(slots.row(0) + channel);
    m2.write(slots.row(2) + channel);
  }
};

/// Values per channel below which channels that do not lie beside each other are brought there:
/// too few for the roundings of `Scalar` to average out.
inline constexpr Index few_values = 16;

/// All values of some channels, in rows.
template <typename Scalar>
using Tile =
    std::array<std::array<Scalar, std::size_t{lanes<PacketOf<Scalar>>}>, std::size_t{few_values}>;

/// Copies all values of channels [c, c + width) into rows of a tile.
template <typename Scalar>
void stage(const View<const Scalar>& view, Index c, Index width, Tile<Scalar>& tile) {
  std::size_t row = 0;
  for (Index o = 0; o < view.outer; ++o) {
    for (Index i = 0; i < view.inner; ++i, ++row) {
      const Scalar* from = view.data + view.offset(o, c, i);
      for (Index l = 0; l < width; ++l)
        tile[row][static_cast<std::size_t>(l)] = from[l * view.channel_stride];
    }
  }
}

/// Mean and m2 of channels [c_begin, c_end) with fewer than `few_values` values each, for any
/// strides.
template <typename Scalar>
void sum_few_values(const View<const Scalar>& view, Index c_begin, Index c_end,
                    const Slots& slots) {
  constexpr Index width = lanes<PacketOf<Scalar>>;
  Tile<Scalar> tile{};
  std::array<double, std::size_t{3 * width}> sums;
  const Slots of_tile{sums.data(), width};
  for (Index c = c_begin; c < c_end; c += width) {
    const Index used = std::min(width, c_end - c);
    stage(view, c, used, tile);
    sum_few_rows<1>(FewMoments<Scalar>{}, {tile[0].data()}, {width}, view.count(), of_tile, 0);
    for (const std::size_t k : {0, 2}) std::copy_n(of_tile.row(k), used, slots.row(k) + c);
  }
}

}  // namespace batchnorm::detail
