#pragma once

#include <cmath>
#include <limits>

#include "sums.hpp"

namespace batchnorm::detail {

/// The sum of `Rows` values of `at` as a balanced tree, which is exact for equal values.
template <Index Rows, typename At>
auto tree_sum(const At& at, Index first) {
  if constexpr (Rows == 1) {
    return at(first);
  } else {
    return add(tree_sum<Rows / 2>(at, first), tree_sum<Rows / 2>(at, first + Rows / 2));
  }
}

/// The mean of the first 2^n of `rows` values of `at`, so that a constant is its own mean.
template <typename At>
auto mean_of_rows(const At& at, Index rows) {
  using P = decltype(at(0));
  using Scalar = ScalarOf<P>;
  const auto mean = [](const P& sum, Scalar factor) { return multiply(sum, broadcast<P>(factor)); };
  if (rows >= 16) return mean(tree_sum<16>(at, 0), Scalar(1) / 16);
  if (rows >= 8) return mean(tree_sum<8>(at, 0), Scalar(1) / 8);
  if (rows >= 4) return mean(tree_sum<4>(at, 0), Scalar(1) / 4);
  if (rows >= 2) return mean(tree_sum<2>(at, 0), Scalar(1) / 2);
  return at(0);
}

/// Powers of two that keep squares in range: values are multiplied by `down`, deviations from the
/// origin by `up`.
template <typename Scalar>
struct Scaling {
  Scalar down = 1;
  Scalar up = 1;
};

/// What the sums of a chunk say about themselves.
enum class Verdict {
  good,
  far_from_origin,  ///< the origin is so far from the mean that squares cancel: sum again from
                    ///< there
  too_small,        ///< squares vanish from the range of `Scalar`: sum again, scaled up
  too_large         ///< squares or sums of them left that range: sum again, scaled down
};

/// Mean and sum of squared deviations (m2) of a chunk, exact like double at the speed of `Scalar`.
/// Squares are of deviations from an origin among the values, which is what keeps the variance of
/// values with a large mean, in `Scalar` over a block of rows and then in double. The values
/// themselves are summed in double: an element next to the mean has only as many digits in y as the
/// mean has.
template <typename S, bool Scaled = false>
struct MomentsKernel {
  using Scalar = S;
  static constexpr std::size_t inputs = 1;
  static constexpr std::size_t sums = 3;  // origin, sum, squares; then mean, excess, m2
  static constexpr bool has_origin = true;
  /// A sum in double holds all digits of values in float, of values in double only those of their
  /// deviations.
  static constexpr bool sums_deviations = std::is_same_v<Scalar, double>;

  Scaling<Scalar> scaling{};

  template <typename P>
  struct Coefficients {
    P centre;
  };

  template <typename P>
  struct Part {
    WideSum<P> values;
    P squares;
  };

  Index rows_in_block(Index /*count*/) const { return block_rows; }

  template <typename P>
  P value(const Scalar* from) const {
    const P x = load<P>(from);
    if constexpr (Scaled) return multiply(x, broadcast<P>(scaling.down));
    return x;
  }

  /// Starts the sums of a packet at its origin, one of the values or near them.
  template <typename P, typename Totals>
  Coefficients<P> begin(Index /*channel*/, Spread /*how*/, const P& origin, Totals& totals) const {
    totals = {widened(origin)};
    return {origin};
  }

  template <typename P>
  Part<P> none() const {
    return {{}, broadcast<P>(0)};
  }

  template <typename P>
  Part<P> first(const Coefficients<P>& k, const std::array<const Scalar*, 1>& at) const {
    const P d = deviation(value<P>(at[0]), k.centre);
    return {WideSum<P>(summand(at[0], d).data()), multiply(d, d)};
  }

  template <typename P>
  void add(Part<P>& part, const Coefficients<P>& k, const std::array<const Scalar*, 1>& at) const {
    const P d = deviation(value<P>(at[0]), k.centre);
    part.values.add(summand(at[0], d).data());
    part.squares = multiply_add(d, d, part.squares);
  }

  template <typename P>
  static void merge(Part<P>& into, const Part<P>& from) {
    into.values.add(from.values);
    into.squares = detail::add(into.squares, from.squares);
  }

  /// The origin as it stands in memory.
  template <typename P>
  std::array<P, 1> idle(const Coefficients<P>& k) const {
    if constexpr (Scaled) return {multiply(k.centre, broadcast<P>(1 / scaling.down))};
    return {k.centre};
  }

  /// Adds a part of `rows` rows to the sums; fixed bounds let the compiler use vectors.
  template <typename P, typename Totals>
  void enter(const Part<P>& part, Index rows, Totals& totals) const {
    const double n = sums_deviations ? 0.0 : static_cast<double>(rows);
    const double unit = 1.0 / static_cast<double>(scaling.up);
    const auto values = part.values.totals();
    const auto squares = widened(part.squares);
    for (std::size_t l = 0; l < values.size(); ++l) {
      totals[1][l] += values[l] - n * totals[0][l];
      totals[2][l] += squares[l] * (unit * unit);
    }
  }

  /// From sums of `channels` channels to mean, excess and m2 of `count` values; `excess` becomes
  /// what the origin's distance from the mean added to m2. Whether all are good.
  bool finish_all(double* origin_mean, double* sum_excess, double* squares_m2, Index channels,
                  Index count) const {
    const double share = 1.0 / static_cast<double>(count);
    const double unit = 1.0 / static_cast<double>(scaling.down);
    const double least = smallest_m2(count);
    std::int64_t bad = 0;
    for (Index c = 0; c < channels; ++c) {
      const double shift = sum_excess[c] * share;
      const double excess = sum_excess[c] * shift;
      const double m2 = squares_m2[c] - excess;
      const double kept = (m2 < 0.0 ? 0.0 : m2) * (unit * unit);
      origin_mean[c] = (origin_mean[c] + shift) * unit;
      squares_m2[c] = kept;
      sum_excess[c] = excess;
      bad += static_cast<std::int64_t>(!(kept >= least)) |
             static_cast<std::int64_t>(!(kept - kept == 0.0)) |
             static_cast<std::int64_t>(excess > kept);
    }
    return bad == 0;
  }

  Verdict judge(double excess, double m2, Index count) const {
    if (!std::isfinite(m2)) return Verdict::too_large;
    if (m2 < smallest_m2(count)) return Verdict::too_small;
    return excess > m2 ? Verdict::far_from_origin : Verdict::good;
  }

  static MomentsKernel<Scalar, true> rescaled(bool too_large) {
    constexpr Scalar factor = 0x1p64F;
    if (too_large) return {{Scalar(1) / factor, Scalar(1)}};
    return {{Scalar(1), factor}};
  }

 private:
  /// Below, squares of deviations lose digits to the end of float's range.
  static constexpr double smallest_variance =
      double{std::numeric_limits<float>::min()} / double{std::numeric_limits<float>::epsilon()};

  static double smallest_m2(Index count) {
    return Scaled || !std::is_same_v<Scalar, float>
               ? 0.0
               : smallest_variance * static_cast<double>(count);
  }

  template <typename P>
  P deviation(const P& x, const P& centre) const {
    const P d = subtract(x, centre);
    if constexpr (Scaled) return multiply(d, broadcast<P>(scaling.up));
    return d;
  }

  /// What enters the sum of values, in memory.
  template <typename P>
  auto summand(const Scalar* from, const P& d) const {
    if constexpr (sums_deviations) {
      return lane_array(d);
    } else if constexpr (Scaled) {
      return lane_array(value<P>(from));
    } else {
      return InPlace{from};
    }
  }

  /// Values where they lie.
  struct InPlace {
    const Scalar* from;
    const Scalar* data() const { return from; }
  };
};

}  // namespace batchnorm::detail
