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
auto pilot_of(const Load& load_row, Index rows) {
  using P = decltype(load_row(0));
  const auto mean = [](const P& sum, Scalar factor) { return multiply(sum, broadcast<P>(factor)); };
  if (rows >= 16) return mean(tree_sum<16>(load_row, 0), Scalar(1) / 16);
  if (rows >= 8) return mean(tree_sum<8>(load_row, 0), Scalar(1) / 8);
  if (rows >= 4) return mean(tree_sum<4>(load_row, 0), Scalar(1) / 4);
  if (rows >= 2) return mean(tree_sum<2>(load_row, 0), Scalar(1) / 2);
  return load_row(0);
}

/// Sum of values or deviations, in double, and sum of squares of their deviations from a pilot, for
/// up to `block_rows` rows.
template <typename P>
struct BlockSums {
  WideSum<P> values;
  P squares;
};

template <typename P, typename AddToSum, typename Deviation>
BlockSums<P> sum_block(const AddToSum& add_to_sum, const Deviation& deviation, Index rows) {
  const P zero = broadcast<P>(0);
  std::array<WideSum<P>, 2> values{};
  std::array<P, 4> squares{zero, zero, zero, zero};
  for_each_row(rows, [&](std::size_t chain, Index row) {
    const P d = deviation(row);
    add_to_sum(row, d, values[chain % 2]);
    squares[chain] = multiply_add(d, d, squares[chain]);
  });
  values[0].add(values[1]);
  return {values[0], sum_chains(squares)};
}

/// Powers of two that keep squares in range: values are multiplied by `down`, deviations from the
/// pilot by `up`.
template <typename Scalar>
struct Scaling {
  Scalar down = 1;
  Scalar up = 1;
};

/// Mean and sum of squared deviations (m2) of a chunk, exact like double at the speed of `Scalar`:
/// blocks of 16 rows are shifted by their own mean, so that their squares stay small, and enter in
/// double, relative to the first block's mean. The shift is what keeps the variance of values with
/// a large mean; the block's own mean instead of one pilot for all is what an outlier in the first
/// place cannot spoil.
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

  /// Adds up to `block_rows` rows; `row_at(0, row)` is where a row lies.
  template <typename P, typename Rows>
  void add_block(const Coefficients<P>& /*none*/, const Rows& row_at, Index rows,
                 const Lanes<sums>& lanes_of_sums, Start start) const {
    const auto value = [&](Index row) {
      const P x = load<P>(row_at(0, row));
      if constexpr (Scaled) return multiply(x, broadcast<P>(scaling.down));
      return x;
    };
    const P pilot = pilot_of<Scalar>(value, rows);
    const auto deviation = [&](Index row) {
      const P d = subtract(value(row), pilot);
      if constexpr (Scaled) return multiply(d, broadcast<P>(scaling.up));
      return d;
    };
    const auto add_to_sum = [&](Index row, const P& d, WideSum<P>& sum) {
      if constexpr (sums_deviations) {
        sum.add(lane_array(d).data());
      } else if constexpr (Scaled) {
        sum.add(lane_array(value(row)).data());
      } else {
        sum.add(row_at(0, row));
      }
    };
    enter(lane_array(pilot), sum_block<P>(add_to_sum, deviation, rows), rows, lanes_of_sums, start);
  }

  /// From sums to mean and m2 of `count` values.
  void finish(double& origin_mean, double& sum, double& squares_m2, Index count) const {
    const double mean_shift = sum * (1.0 / static_cast<double>(count));
    const double m2 = squares_m2 - sum * mean_shift;
    const double unit = 1.0 / static_cast<double>(scaling.down);
    origin_mean = (origin_mean + mean_shift) * unit;
    squares_m2 = (m2 < 0.0 ? 0.0 : m2) * (unit * unit);
  }

  /// Whether the squares were in the range of `Scalar`; otherwise the chunk is summed again,
  /// rescaled.
  static bool in_range(double m2, Index count) {
    if constexpr (Scaled || !std::is_same_v<Scalar, float>) return true;
    return std::isfinite(m2) && m2 >= smallest_variance * static_cast<double>(count);
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

  /// Adds a block to the sums in double; fixed bounds let the compiler use vectors.
  template <typename Pilots, typename P>
  void enter(const Pilots& pilots, const BlockSums<P>& block, Index rows,
             const Lanes<sums>& lanes_of_sums, Start start) const {
    constexpr std::size_t width{lanes<P>};
    const auto values = block.values.totals();
    const auto squares = lane_array(block.squares);
    const auto n = static_cast<double>(rows);
    const double unit = 1.0 / static_cast<double>(scaling.up);
    if (start != Start::resume) begin(pilots, lanes_of_sums, start);
    const auto origin = lanes_of_sums.template read<width>(0);
    auto shifted_sum = lanes_of_sums.template read<width>(1);
    auto shifted_squares = lanes_of_sums.template read<width>(2);
    for (std::size_t l = 0; l < width; ++l) {
      const auto pilot = static_cast<double>(pilots[l]);
      const double total = sums_deviations ? values[l] : values[l] - n * pilot;
      const double deviation = total * (1.0 / n);
      const double shift = (pilot - origin[l]) + deviation;
      const double m2 = static_cast<double>(squares[l]) * (unit * unit) - n * deviation * deviation;
      shifted_sum[l] += n * shift;
      shifted_squares[l] += n * shift * shift + m2;
    }
    lanes_of_sums.write(1, shifted_sum);
    lanes_of_sums.write(2, shifted_squares);
  }

  template <std::size_t Width>
  static void begin(const std::array<Scalar, Width>& pilots, const Lanes<sums>& lanes_of_sums,
                    Start start) {
    std::array<double, Width> origin;
    for (std::size_t l = 0; l < Width; ++l) origin[l] = pilots[start == Start::own ? l : 0];
    lanes_of_sums.write(0, origin);
    lanes_of_sums.write(1, std::array<double, Width>{});
    lanes_of_sums.write(2, std::array<double, Width>{});
  }
};

}  // namespace batchnorm::detail
