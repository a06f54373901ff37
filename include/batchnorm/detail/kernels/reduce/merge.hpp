#pragma once

#include <Eigen/Core>
#include <algorithm>

namespace batchnorm::detail {

using Eigen::Index;

/// Merges the moments of `count_b` values into those of `count_a`, channel by channel (Chan, Golub
/// and LeVeque 1983, equations 2.1): mean = mean_a + (mean_b - mean_a) n_b / n and m2 = m2_a + m2_b
/// + (mean_b - mean_a)^2 n_a n_b / n. What is empty merges to nothing.
inline void merge_moments(Index channels, Index count_a, double* mean_a, double* m2_a,
                          Index count_b, const double* mean_b, const double* m2_b) {
  if (count_b == 0) return;
  if (count_a == 0) {
    std::copy_n(mean_b, channels, mean_a);
    std::copy_n(m2_b, channels, m2_a);
    return;
  }
  const double weight_b = static_cast<double>(count_b) / static_cast<double>(count_a + count_b);
  const double spread = weight_b * static_cast<double>(count_a);
  for (Index c = 0; c < channels; ++c) {
    const double distance = mean_b[c] - mean_a[c];
    m2_a[c] += m2_b[c] + distance * distance * spread;
    mean_a[c] += distance * weight_b;
  }
}

/// into += from.
inline void add_sums(Index count, double* into, const double* from) {
  for (Index k = 0; k < count; ++k) into[k] += from[k];
}

/// Calls `merge(into, from, end)`, which adds what pieces [from, end) hold to what pieces [into,
/// from) hold, until piece 0 holds everything: neighbours first, in an order that depends on the
/// number of pieces alone.
template <typename Merge>
void merge_tree(Index pieces, const Merge& merge) {
  for (Index distance = 1; distance < pieces; distance *= 2) {
    for (Index into = 0; into + distance < pieces; into += 2 * distance) {
      merge(into, into + distance, std::min(into + 2 * distance, pieces));
    }
  }
}

}  // namespace batchnorm::detail
