#ifndef BATCHNORM_REDUCE_SMALL_BATCH_MOMENTS
#define BATCHNORM_REDUCE_SMALL_BATCH_MOMENTS

#include <array>

#include "../packet/two_sum.hpp"
#include "small_batch_planes.hpp"
#include "small_batch_rows.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Mean and m2 of few values, from the first as the origin. Of n values the squares lose at most a
/// factor of n to the origin's distance from the mean. Double has digits for that where values are
/// `float`; values in double are summed again from their mean, where the first is far from it. A
/// constant is its own mean.
template <typename S>
struct SmallBatchMoments {
  using Data = S;
  using Scalar = ArithmeticOf<Data>;
  using Wide = PacketOf<Scalar>;
  static constexpr std::size_t inputs = 1;
  /// The roundings of a longer sum in double would be too many for values in double.
  static constexpr Index most_of_double = 16;
  static constexpr bool is_double = std::is_same_v<Scalar, double>;
  static constexpr Index most_rows_near = is_double ? most_of_double : 64;
  static constexpr Index most_rows_far = is_double ? most_of_double : 32;
  static constexpr Index most_in_runs = is_double ? most_of_double : 512;
  static constexpr bool looks_again = is_double;

  struct Part {
    Widened<Scalar> origin;
    Widened<Scalar> sum;
    Widened<Scalar> squares;
  };

  Part begin(Index /*channel*/, Spread how, const Pointers<SmallBatchMoments>& from) const {
    return {Widened<Scalar>(first_of(from[0], how)), Widened<Scalar>::zero(),
            Widened<Scalar>::zero()};
  }

  void add(Part& part, const Pointers<SmallBatchMoments>& from) const {
    const auto x = Widened<Scalar>::load(from[0]);
    unroll<x.size>([&](auto k) {
      const auto d = subtract(x[k], part.origin[k]);
      part.sum[k] = kernels::add(part.sum[k], d);
      part.squares[k] = multiply_add(d, d, part.squares[k]);
    });
  }

  static Wide first_of(const Data* from, Spread how) {
    return how == Spread::per_lane ? load<Wide>(from) : broadcast<Wide>(load<Scalar>(from));
  }

  std::array<Wide, 1> idle(const Part& part) const {
    return {broadcast<Wide>(static_cast<Scalar>(part.origin.first()))};
  }

  /// Whether the origin of some lane was far from the mean; where a part is of one channel, that of
  /// all lanes together.
  bool is_far(const Part& part, Spread how, double share) const {
    const Excess of = excess(part, how, share);
    return sum_of(lane_array(
               select_less(of.limit, of.excess, broadcast<Wide>(1), broadcast<Wide>(0)))) > 0.0;
  }

  /// Begins again: from the mean that `part` found where the origin was far, else from the same
  /// origin, so that no lane's result depends on its neighbours.
  Part again(const Part& part, Spread how, double share) const {
    const Excess of = excess(part, how, share);
    const Wide origin = part.origin[0];
    const Wide mean = multiply_add(of.sum, broadcast<Wide>(static_cast<Scalar>(share)), origin);
    return {Widened<Scalar>(select_less(of.limit, of.excess, mean, origin)),
            Widened<Scalar>::zero(), Widened<Scalar>::zero()};
  }

  void write(const Part& part, double share, const Slots& slots, Index channel) const {
    Widened<Scalar> mean;
    Widened<Scalar> low;
    Widened<Scalar> m2;
    unroll<mean.size>([&](auto k) {
      const auto shift = held(multiply(part.sum[k], broadcast<WideDouble>(share)));
      const auto whole = mean_of(part.origin[k], shift);
      mean[k] = whole.sum;
      low[k] = whole.rest;
      m2[k] = m2_of(part.sum[k], part.squares[k], shift);
    });
    mean.write(slots.row(0) + channel);
    m2.write(slots.row(2) + channel);
    if constexpr (looks_again) low.write(slots.row(3) + channel);
  }

  void write_one(const Part& part, double share, const Slots& slots, Index channel) const {
    const double sum = part.sum.total();
    const double shift = held(multiply(sum, share));
    const auto whole = mean_of(part.origin.first(), shift);
    slots(0, channel) = whole.sum;
    slots(2, channel) = m2_of(sum, part.squares.total(), shift);
    if constexpr (looks_again) slots(3, channel) = whole.rest;
  }

 private:
  using WideDouble = PacketOf<double>;

  /// What the origin's distance from the mean adds to the squares, and from where on that is far:
  /// where it is more than the deviations themselves add.
  struct Excess {
    Wide sum;
    Wide excess;
    Wide limit;
  };

  static Excess excess(const Part& part, Spread how, double share) {
    const bool same = how == Spread::same;
    const auto of_all = [](const auto& values) {
      return broadcast<Wide>(static_cast<Scalar>(values.total()));
    };
    const Wide sum = same ? of_all(part.sum) : Wide(part.sum[0]);
    const Wide squares = same ? of_all(part.squares) : Wide(part.squares[0]);
    const Wide shift = multiply(sum, broadcast<Wide>(static_cast<Scalar>(share)));
    return {sum, multiply(sum, shift), multiply(squares, broadcast<Wide>(Scalar(0.5)))};
  }

  template <typename P>
  static TwoSum<P> mean_of(const P& origin, const P& shift) {
    if constexpr (looks_again) return two_sum(origin, shift);
    return {kernels::add(origin, shift), broadcast<P>(0)};
  }

  /// Not negative where squares leave the range of double at its low end.
  template <typename P>
  static P m2_of(const P& sum, const P& squares, const P& shift) {
    const P none = broadcast<P>(0);
    const P difference = multiply_add(minus(sum), shift, squares);
    return select_less(difference, none, none, difference);
  }
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
