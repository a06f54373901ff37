#pragma once

#include <cmath>
#include <limits>

#include "chunks.hpp"
#include "lanes.hpp"
#include "wide_sum.hpp"

namespace batchnorm::detail {

/// The sum of `Rows` packets as a balanced tree, which is exact for equal values.
template <Index Rows, typename Load>
auto tree_sum(const Load& load_row, Index first) {
  if constexpr (Rows == 1) {
    return load_row(first);
  } else {
    return add(tree_sum<Rows / 2>(load_row, first), tree_sum<Rows / 2>(load_row, first + Rows / 2));
  }
}

/// The mean of the first 2^n of `rows` packets, so that a constant is its own mean.
template <typename Scalar, typename Load>
auto mean_of_rows(const Load& load_row, Index rows) {
  using P = decltype(load_row(0));
  const auto mean = [](const P& sum, Scalar factor) { return multiply(sum, broadcast<P>(factor)); };
  if (rows >= 16) return mean(tree_sum<16>(load_row, 0), Scalar(1) / 16);
  if (rows >= 8) return mean(tree_sum<8>(load_row, 0), Scalar(1) / 8);
  if (rows >= 4) return mean(tree_sum<4>(load_row, 0), Scalar(1) / 4);
  if (rows >= 2) return mean(tree_sum<2>(load_row, 0), Scalar(1) / 2);
  return load_row(0);
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
  out_of_range      ///< squares left the range of `Scalar`: sum again, rescaled
};

/// Mean and sum of squared deviations (m2) of a chunk, exact like double at the speed of `Scalar`.
/// Squares are of deviations from an origin among the values, which is what keeps the variance of
/// values with a large mean, in `Scalar` over blocks of 16 rows and then in double. The values
/// themselves are summed in double: an element next to the mean has only as many digits in y as the
/// mean has.
template <typename S, bool Scaled = false>
struct MomentsKernel {
  using Scalar = S;
  static constexpr std::size_t inputs = 1;
  static constexpr std::size_t sums = 3;  // origin, sum, squares; after `finish` mean, sum, m2
  static constexpr bool has_origin = true;
  /// A sum in double holds all digits of values in float, of values in double only those of their
  /// deviations.
  static constexpr bool sums_deviations = std::is_same_v<Scalar, double>;

  Scaling<Scalar> scaling{};

  template <typename P>
  struct Coefficients {};

  template <typename P>
  Coefficients<P> coefficients(Index /*channel*/, Spread /*how*/) const {
    return {};
  }

  /// Adds any number of rows; `row_at(0, row)` is where a row lies.
  template <typename P, typename Rows>
  [[gnu::flatten]] void add_rows(const Coefficients<P>& /*none*/, const Rows& row_at, Index rows,
                                 const Lanes<sums>& lanes_of_sums, Start start) const {
    const auto value = [&](Index row) {
      const P x = load<P>(row_at(0, row));
      if constexpr (Scaled) return multiply(x, broadcast<P>(scaling.down));
      return x;
    };
    if (start != Start::resume) {
      begin(lane_array(mean_of_rows<Scalar>(value, rows)), lanes_of_sums, start);
    }
    const auto origin = lanes_of_sums.template read<std::size_t{lanes<P>}>(0);
    const P centre = packet_of<P>(origin);
    std::array<WideSum<P>, 2> values{};
    WideSum<P> squares;
    for (Index first = 0; first < rows; first += block_rows) {
      const P zero = broadcast<P>(0);
      std::array<P, 4> block{zero, zero, zero, zero};
      for_each_row(std::min(block_rows, rows - first), [&](std::size_t chain, Index in_block) {
        const Index row = first + in_block;
        const P d = deviation(value(row), centre);
        block[chain] = multiply_add(d, d, block[chain]);
        if constexpr (sums_deviations) {
          values[chain % 2].add(lane_array(d).data());
        } else if constexpr (Scaled) {
          values[chain % 2].add(lane_array(value(row)).data());
        } else {
          values[chain % 2].add(row_at(0, row));
        }
      });
      squares.add(lane_array(sum_chains(block)).data());
    }
    values[0].add(values[1]);
    enter(origin, values[0].totals(), squares.totals(), rows, lanes_of_sums);
  }

  /// From sums to mean and m2 of `count` values.
  Verdict finish(double& origin_mean, double& sum, double& squares_m2, Index count) const {
    const double shift = sum * (1.0 / static_cast<double>(count));
    const double m2 = squares_m2 - sum * shift;
    const double unit = 1.0 / static_cast<double>(scaling.down);
    origin_mean = (origin_mean + shift) * unit;
    squares_m2 = (m2 < 0.0 ? 0.0 : m2) * (unit * unit);
    if (!in_range(squares_m2, count)) return Verdict::out_of_range;
    return sum * shift > squares_m2 ? Verdict::far_from_origin : Verdict::good;
  }

  static MomentsKernel<Scalar, true> rescaled(double m2) {
    constexpr Scalar factor = 0x1p64F;
    if (std::isfinite(m2)) return {{Scalar(1), factor}};
    return {{Scalar(1) / factor, Scalar(1)}};
  }

 private:
  /// Below, squares of deviations lose digits to the end of float's range.
  static constexpr double smallest_variance =
      double{std::numeric_limits<float>::min()} / double{std::numeric_limits<float>::epsilon()};

  static bool in_range(double m2, Index count) {
    if constexpr (Scaled || !std::is_same_v<Scalar, float>) return true;
    return std::isfinite(m2) && m2 >= smallest_variance * static_cast<double>(count);
  }

  template <typename P>
  P deviation(const P& x, const P& centre) const {
    const P d = subtract(x, centre);
    if constexpr (Scaled) return multiply(d, broadcast<P>(scaling.up));
    return d;
  }

  /// Origins are values of `Scalar`, kept in double.
  template <typename P>
  static P packet_of(const std::array<double, std::size_t{lanes<P>}>& origin) {
    std::array<Scalar, std::size_t{lanes<P>}> values;
    for (std::size_t l = 0; l < values.size(); ++l) values[l] = static_cast<Scalar>(origin[l]);
    return load<P>(values.data());
  }

  template <std::size_t Width>
  static void begin(const std::array<Scalar, Width>& means, const Lanes<sums>& lanes_of_sums,
                    Start start) {
    std::array<double, Width> origin;
    for (std::size_t l = 0; l < Width; ++l) origin[l] = means[start == Start::own ? l : 0];
    lanes_of_sums.write(0, origin);
    lanes_of_sums.write(1, std::array<double, Width>{});
    lanes_of_sums.write(2, std::array<double, Width>{});
  }

  /// Adds a block to the sums in double; fixed bounds let the compiler use vectors.
  template <std::size_t Width>
  void enter(const std::array<double, Width>& origin, const std::array<double, Width>& values,
             const std::array<double, Width>& squares, Index rows,
             const Lanes<sums>& lanes_of_sums) const {
    const double n = sums_deviations ? 0.0 : static_cast<double>(rows);
    const double unit = 1.0 / static_cast<double>(scaling.up);
    auto shifted_sum = lanes_of_sums.template read<Width>(1);
    auto shifted_squares = lanes_of_sums.template read<Width>(2);
    for (std::size_t l = 0; l < Width; ++l) {
      shifted_sum[l] += values[l] - n * origin[l];
      shifted_squares[l] += squares[l] * (unit * unit);
    }
    lanes_of_sums.write(1, shifted_sum);
    lanes_of_sums.write(2, shifted_squares);
  }
};

}  // namespace batchnorm::detail
