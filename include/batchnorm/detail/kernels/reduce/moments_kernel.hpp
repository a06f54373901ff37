#ifndef BATCHNORM_REDUCE_MOMENTS_KERNEL
#define BATCHNORM_REDUCE_MOMENTS_KERNEL

#include <cmath>
#include <limits>

#include "../formulas/channel_packets.hpp"
#include "../packet/two_sum.hpp"
#include "channel_moments.hpp"
#include "compensated_sum.hpp"
#include "kernel.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Powers of two that keep squares in range: values are multiplied by `down`, deviations from the
/// origin by `up`.
template <typename Scalar>
struct Scaling {
  Scalar down = 1;
  Scalar up = 1;

  bool any() const { return down != Scalar(1) || up != Scalar(1); }
};

/// What the sums of a chunk say about themselves.
enum class Verdict {
  good,
  far_from_origin,  ///< the origin is so far from the mean that squares cancel: sum again from
                    ///< there
  too_small,        ///< squares leave the range of `Scalar` at its low end: sum again, scaled up
  vanished,         ///< no square is left: sum again, scaled up farther
  too_large         ///< squares or sums of them left that range: sum again, scaled down
};

/// Mean and sum of squared deviations (m2) of a chunk, exact like double at the speed of `Scalar`.
/// Squares are of deviations from an origin among the values, which is what keeps the variance of
/// values with a large mean, in `Scalar` over a block of rows and then in double. The values
/// themselves are summed twice as exactly: an element next to the mean has only as many digits in y
/// as the mean has.
template <typename S>
struct MomentsKernel {
  using Data = S;
  using Scalar = ArithmeticOf<Data>;
  static constexpr std::size_t inputs = 1;
  static constexpr bool has_origin = true;
  /// Twice the digits of `float` hold those of values whose mean is large; of values in double
  /// those of their deviations must do.
  static constexpr bool sums_deviations = keeps_low<Scalar>;
  // Origin, sum, squares; for double also what the roundings of squares leave out. Then mean,
  // excess, m2; for double also what the mean leaves out.
  static constexpr std::size_t sums = moments_sums<Scalar>;

  Scaling<Scalar> scaling{};
  bool scaled = scaling.any();  ///< known beforehand, since every group of rows asks

  template <typename P>
  struct Coefficients {
    P minus_origin;
    P bias;
  };

  template <typename P>
  struct Part {
    ValueSum<P> values;
    TwoLevelSum<P> squares;

    void settle() { squares.settle(); }
  };

  static Index rows_in_block(Index /*count*/) { return block_rows; }

  /// What is summed of an input.
  template <typename P>
  P value(const P& x) const {
    return scaled ? multiply(x, broadcast<P>(scaling.down)) : x;
  }

  template <typename P, typename Totals>
  Coefficients<P> begin(Index /*channel*/, Spread /*how*/, const Pilot<P>& pilot,
                        Totals& totals) const {
    totals = {};
    InDouble<P>(pilot.origin).write(totals[0].data());
    return {minus(pilot.origin), bias_for(pilot.magnitude)};
  }

  template <typename P>
  Part<P> none(const Coefficients<P>& k) const {
    return {ValueSum<P>(k.bias), TwoLevelSum<P>()};
  }

  template <typename P>
  void add(Part<P>& part, const Coefficients<P>& k, const std::array<P, 1>& row) const {
    const P x = held(value(row[0]));
    std::array<P, 1> d{add_by_multiplier(x, k.minus_origin)};
    part.values.add(sums_deviations ? d[0] : x);
    if (scaled) multiply_all(d, scaling.up);
    part.squares.add_product(d[0], d[0]);
  }

  template <typename P>
  void add(Part<P>& part, const Coefficients<P>& k,
           const std::array<std::array<P, 1>, 4>& rows) const {
    const P minus_origin = held(k.minus_origin);
    std::array<P, 4> x{rows[0][0], rows[1][0], rows[2][0], rows[3][0]};
    if (scaled) multiply_all(x, scaling.down);
    std::array<P, 4> d;
    unroll<4>([&](auto i) {
      x[i] = held(x[i]);
      d[i] = add_by_multiplier(x[i], minus_origin);
    });
    part.values.add(sums_deviations ? d : x);
    if (scaled) multiply_all(d, scaling.up);
    const P some = multiply_add(d[0], d[0], multiply(d[1], d[1]));
    const P others = multiply_add(d[2], d[2], multiply(d[3], d[3]));
    part.squares.add(kernels::add(some, others));
  }

  template <typename P>
  static void merge(Part<P>& into, const Part<P>& from, const Coefficients<P>& k) {
    into.values.add(from.values, k.bias);
    into.squares.add(from.squares);
  }

  /// The origin as it stands in memory.
  template <typename P>
  std::array<P, 1> idle(const Coefficients<P>& k) const {
    return {multiply(k.minus_origin, broadcast<P>(-1 / scaling.down))};
  }

  /// Adds a part of `rows` rows to the sums.
  template <typename P, typename Totals>
  void enter(const Part<P>& part, Index rows, const Coefficients<P>& k, Totals& totals) const {
    if constexpr (sums_deviations) return enter_exactly(part, k, totals);
    using Wide = PacketOf<double>;
    const Wide minus_rows = broadcast<Wide>(-static_cast<double>(rows));
    const double unit = 1.0 / static_cast<double>(scaling.up);
    auto values = part.values.totals(k.bias);
    InDouble<P> squares(part.squares.total());
    unroll<values.size>([&](auto j) {
      const Wide origin = load<Wide>(totals[0].data() + Index{j} * lanes<Wide>);
      values[j] = multiply_add(minus_rows, origin, values[j]);
      squares[j] = multiply(squares[j], broadcast<Wide>(unit * unit));
    });
    values.add_to(totals[1].data());
    squares.add_to(totals[2].data());
  }

  /// From sums of `channels` channels to mean, excess and m2 of `count` values; `excess` becomes
  /// what the origin's distance from the mean added to m2. Whether all are good.
  bool finish_all(const Slots& sums_of, Index first, Index channels, Index count) const {
    auto bad = broadcast<PacketOf<double>>(0);
    double others = 0;
    const Slots from{sums_of.first + first, sums_of.stride};
    for_each_channel_packet({0, channels}, [&]<typename P>(const ChannelsAt<P>& at) {
      if constexpr (is_scalar<P>) {
        others += finish(at, from, count);
      } else {
        bad = kernels::add(bad, finish(at, from, count));
      }
    });
    return others + sum_of(lane_array(bad)) == 0.0;
  }

  Verdict judge(double excess, double m2, Index count) const {
    if (!std::isfinite(m2)) return Verdict::too_large;
    if (m2 < smallest_m2(count)) return m2 == 0.0 ? Verdict::vanished : Verdict::too_small;
    return excess > m2 ? Verdict::far_from_origin : Verdict::good;
  }

  /// For sums that are not good for their size.
  static MomentsKernel rescaled(Verdict verdict) {
    constexpr Scalar factor = 0x1p64F;
    if (verdict == Verdict::too_large) return {{Scalar(1) / factor, Scalar(1)}};
    return {{Scalar(1), verdict == Verdict::too_small ? factor : Scalar(0x1p126F)}};
  }

 private:
  /// The squares of many blocks of values in double, without what adding them up rounds away.
  template <typename P, typename Totals>
  void enter_exactly(const Part<P>& part, const Coefficients<P>& k, Totals& totals) const {
    part.values.totals(k.bias).add_to(totals[1].data());
    const P unit = broadcast<P>(1 / scaling.up);
    const P block = multiply(part.squares.total(), multiply(unit, unit));
    const auto squares = two_sum(load<P>(totals[2].data()), block);
    store(totals[2].data(), squares.sum);
    store(totals[3].data(), kernels::add(load<P>(totals[3].data()), squares.rest));
  }

  /// Below, squares of deviations lose digits to the end of float's range.
  static constexpr double smallest_variance =
      double{std::numeric_limits<float>::min()} / double{std::numeric_limits<float>::epsilon()};

  double smallest_m2(Index count) const {
    return scaled || !std::is_same_v<Scalar, float>
               ? 0.0
               : smallest_variance * static_cast<double>(count);
  }

  /// `finish_all` of a packet of channels, or of one; how many things are not good.
  template <typename P>
  P finish(const ChannelsAt<P>& at, const Slots& sums_of, Index count) const {
    const P none = broadcast<P>(0);
    const P one = broadcast<P>(1);
    const P unit = broadcast<P>(1.0 / static_cast<double>(scaling.down));
    const P sum = at.load(sums_of.row(1));
    // Held: a product that is fused with a sum here and not there has other bits.
    const P shift = held(multiply(sum, broadcast<P>(1.0 / static_cast<double>(count))));
    const P excess = held(multiply(sum, shift));
    auto squares = at.load(sums_of.row(2));
    if constexpr (sums_deviations) squares = kernels::add(squares, at.load(sums_of.row(3)));
    const P difference = subtract(squares, excess);
    const P m2 = multiply(select_less(difference, none, none, difference), multiply(unit, unit));
    if constexpr (sums_deviations) {
      const auto mean = two_sum(at.load(sums_of.row(0)), shift);
      at.store(sums_of.row(0), multiply(mean.sum, unit));
      at.store(sums_of.row(3), multiply(mean.rest, unit));
    } else {
      at.store(sums_of.row(0), multiply(kernels::add(at.load(sums_of.row(0)), shift), unit));
    }
    at.store(sums_of.row(2), m2);
    at.store(sums_of.row(1), excess);
    const P least = maximum(excess, broadcast<P>(smallest_m2(count)));
    const P infinite = broadcast<P>(std::numeric_limits<double>::infinity());
    return kernels::add(select_less(m2, least, one, none), select_less(m2, infinite, none, one));
  }

  template <typename P, std::size_t N>
  static void multiply_all(std::array<P, N>& values, Scalar factor) {
    unroll<N>([&](auto i) { values[i] = multiply(values[i], broadcast<P>(factor)); });
  }
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
