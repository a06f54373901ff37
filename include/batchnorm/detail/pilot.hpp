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

/// Two pilots of values that follow each other; the origins are sums.
template <typename P>
Pilot<P> joined(const Pilot<P>& a, const Pilot<P>& b) {
  return {add(a.origin, b.origin), maximum(a.magnitude, b.magnitude)};
}

/// The sum of `Rows` values of `at` as a balanced tree, which is exact for equal values.
template <Index Rows, typename At>
auto tree_pilot(const At& at, Index first) {
  if constexpr (Rows == 1) {
    const auto x = at(first);
    return Pilot<std::remove_const_t<decltype(x)>>{x, absolute(x)};
  } else {
    return joined(tree_pilot<Rows / 2>(at, first), tree_pilot<Rows / 2>(at, first + Rows / 2));
  }
}

/// The pilot of the first `Rows` values of `at`: a constant is its own mean.
template <Index Rows, typename At>
auto mean_pilot(const At& at) {
  auto pilot = tree_pilot<Rows>(at, 0);
  using P = decltype(pilot.origin);
  pilot.origin = multiply(pilot.origin, broadcast<P>(ScalarOf<P>(1) / Rows));
  return pilot;
}

/// The pilot of the first 2^n of `rows` values of `at`: of 16, or of 8 where these are a quarter of
/// all or more, whose mean is near enough to that of all.
template <typename At>
auto pilot_of_rows(const At& at, Index rows) {
  if (rows > 32) return mean_pilot<16>(at);
  if (rows >= 8) return mean_pilot<8>(at);
  if (rows >= 4) return mean_pilot<4>(at);
  if (rows >= 2) return mean_pilot<2>(at);
  return mean_pilot<1>(at);
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
