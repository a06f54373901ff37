#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "few_planes.hpp"
#include "few_rows.hpp"

namespace batchnorm::detail {

/// Mean and m2 of few values, from the first as the origin. Of n values the squares lose at most a
/// factor of n to the origin's distance from the mean, which double has digits for; a constant is
/// its own mean.
template <typename S>
struct FewMoments {
  using Scalar = S;
  using Wide = PacketOf<Scalar>;
  static constexpr std::size_t inputs = 1;
  static constexpr Index most_rows_near = 64;
  static constexpr Index most_rows_far = 32;
  static constexpr Index most_in_runs = 512;

  struct Part {
    Widened<Scalar> origin;
    Widened<Scalar> sum;
    Widened<Scalar> squares;
  };

  Part begin(Index /*channel*/, Spread how, const Pointers<FewMoments>& from) const {
    return {Widened<Scalar>(spread<Wide>(from[0], 0, how)), Widened<Scalar>::zero(),
            Widened<Scalar>::zero()};
  }

  void add(Part& part, const Pointers<FewMoments>& from) const {
    const auto x = Widened<Scalar>::load(from[0]);
    unroll<x.size>([&](auto k) {
      const auto d = subtract(x[k], part.origin[k]);
      part.sum[k] = detail::add(part.sum[k], d);
      part.squares[k] = multiply_add(d, d, part.squares[k]);
    });
  }

  std::array<Wide, 1> idle(const Part& part) const {
    return {broadcast<Wide>(static_cast<Scalar>(part.origin.first()))};
  }

  void write(const Part& part, double share, const Slots& slots, Index channel) const {
    Widened<Scalar> mean;
    Widened<Scalar> m2;
    unroll<mean.size>([&](auto k) {
      const auto found = moments(part.origin[k], part.sum[k], part.squares[k], share);
      mean[k] = found[0];
      m2[k] = found[1];
    });
    mean.write(slots.row(0) + channel);
    m2.write(slots.row(2) + channel);
  }

  void write_one(const Part& part, double share, const Slots& slots, Index channel) const {
    const auto found = moments(part.origin.first(), part.sum.total(), part.squares.total(), share);
    slots(0, channel) = found[0];
    slots(2, channel) = found[1];
  }

 private:
  /// Mean and m2, which is not negative where squares leave the range of double at one end, and
  /// infinite at the other. `share` is 1 / the number of values.
  template <typename P>
  static std::array<P, 2> moments(const P& origin, const P& sum, const P& squares, double share) {
    const P none = broadcast<P>(0);
    const P infinite = broadcast<P>(std::numeric_limits<double>::infinity());
    const P shift = multiply(sum, broadcast<P>(share));
    const P difference = subtract(squares, multiply(sum, shift));
    const P m2 = select_less(difference, none, none, difference);
    return {detail::add(origin, shift), select_less(squares, infinite, m2, squares)};
  }
};

/// Values per channel below which channels that neither lie beside each other nor in runs are
/// brought there.
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
    for (const std::size_t k : {std::size_t{0}, std::size_t{2}})
      std::copy_n(of_tile.row(k), used, slots.row(k) + c);
  }
}

}  // namespace batchnorm::detail
