#pragma once

#include <array>
#include <limits>

#include "small_batch_planes.hpp"
#include "small_batch_rows.hpp"

namespace batchnorm::detail {

/// Mean and m2 of few values, from the first as the origin. Of n values the squares lose at most a
/// factor of n to the origin's distance from the mean, which double has digits for; a constant is
/// its own mean.
template <typename S>
struct SmallBatchMoments {
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

  Part begin(Index /*channel*/, Spread how, const Pointers<SmallBatchMoments>& from) const {
    return {Widened<Scalar>(spread<Wide>(from[0], 0, how)), Widened<Scalar>::zero(),
            Widened<Scalar>::zero()};
  }

  void add(Part& part, const Pointers<SmallBatchMoments>& from) const {
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

}  // namespace batchnorm::detail
