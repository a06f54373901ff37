#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "lanes.hpp"

namespace batchnorm::detail {

/// What is known of a channel, or of a packet of channels, before it is summed: a value among its
/// values, and how large they are.
template <typename P>
struct Pilot {
  P origin;
  P magnitude;
};

/// Of so many values a pilot is made: 16, or 8 where these are a quarter of all or more, whose mean
/// is near enough to that of all; a power of two.
constexpr std::size_t pilot_values(Index rows) {
  if (rows > 32) return 16;
  if (rows >= 8) return 8;
  if (rows >= 4) return 4;
  return rows >= 2 ? 2 : 1;
}

/// The pilot of the first of `rows` values of `at`. Their sum is a balanced tree, which is exact
/// for equal values: a constant is its own mean.
template <typename At>
auto pilot_of_rows(const At& at, Index rows) {
  using P = std::remove_cvref_t<decltype(at(0))>;
  std::size_t count = pilot_values(rows);
  const P share = broadcast<P>(ScalarOf<P>(1) / static_cast<ScalarOf<P>>(count));
  std::array<P, 16> sums;
  P magnitude = broadcast<P>(0);
  for (std::size_t row = 0; row < count; ++row) {
    sums[row] = at(static_cast<Index>(row));
    magnitude = maximum(magnitude, absolute(sums[row]));
  }
  for (; count > 1; count /= 2) {
    for (std::size_t row = 0; row < count / 2; ++row)
      sums[row] = add(sums[2 * row], sums[2 * row + 1]);
  }
  return Pilot<P>{multiply(sums[0], share), magnitude};
}

/// What a first attempt at `count` values of every channel found: mean, excess and m2 (see
/// `MomentsKernel`).
struct FirstAttempt {
  const double* mean;
  const double* excess;
  const double* m2;
  Index count;

  /// The mean as the origin; values are as large as mean and deviation, as far as a first m2 that
  /// cancelled tells it.
  template <typename Scalar>
  Pilot<Scalar> pilot(Index c) const {
    const double squares = m2[c] + excess[c] * 0x1p-16;
    const double deviation = std::sqrt(squares / static_cast<double>(count));
    return {static_cast<Scalar>(mean[c]), static_cast<Scalar>(std::abs(mean[c]) + deviation)};
  }

  /// Of a packet of channels from `c` on.
  template <typename P>
  Pilot<P> pilots(Index c) const {
    std::array<ScalarOf<P>, std::size_t{lanes<P>}> origins;
    std::array<ScalarOf<P>, std::size_t{lanes<P>}> magnitudes;
    for (std::size_t l = 0; l < origins.size(); ++l) {
      const auto one = pilot<ScalarOf<P>>(c + static_cast<Index>(l));
      origins[l] = one.origin;
      magnitudes[l] = one.magnitude;
    }
    return {load<P>(origins.data()), load<P>(magnitudes.data())};
  }
};

}  // namespace batchnorm::detail
