#ifndef BATCHNORM_REDUCE_PILOT
#define BATCHNORM_REDUCE_PILOT

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "../packet/lanes.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// What is known of a channel, or of a packet of channels, before it is summed: a value among its
/// values, and how large they are.
template <typename P>
struct Pilot {
  P origin;
  P magnitude;
};

/// Values joined as a balanced tree: a sum of equal values is exact there, and no value waits long
/// for another.
template <typename P, std::size_t N, typename Join>
[[gnu::always_inline]] inline P join_as_tree(const std::array<P, N>& values, const Join& join) {
  if constexpr (N == 1) {
    return values[0];
  } else {
    std::array<P, N / 2> pairs;
    unroll<N / 2>([&](auto k) { pairs[k] = join(values[2 * k], values[2 * k + 1]); });
    return join_as_tree(pairs, join);
  }
}

/// The pilot of the first 16 of `rows` values of `at`, or of fewer with the last repeated: a
/// constant is its own mean.
template <typename At>
auto pilot_of_rows(const At& at, Index rows) {
  using P = std::remove_cvref_t<decltype(at(0))>;
  constexpr std::size_t count = 16;
  std::array<P, count> values;
  std::array<P, count> sizes;
  for (std::size_t row = 0; row < count; ++row) {
    values[row] = at(std::min(static_cast<Index>(row), rows - 1));
    sizes[row] = absolute(values[row]);
  }
  const P sum = join_as_tree(values, [](const P& a, const P& b) { return add(a, b); });
  const P magnitude = join_as_tree(sizes, [](const P& a, const P& b) { return maximum(a, b); });
  constexpr auto share = ScalarOf<P>(1) / static_cast<ScalarOf<P>>(count);
  return Pilot<P>{multiply(sum, broadcast<P>(share)), magnitude};
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
    const double squares = multiply_add(excess[c], 0x1p-16, m2[c]);
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

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
