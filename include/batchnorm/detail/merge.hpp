#pragma once

#include <Eigen/Core>
#include <algorithm>

namespace batchnorm::detail {

using Eigen::Index;

/// Merges the moments of `count_b` values into those of `count_a` (Chan, Golub and LeVeque 1983,
/// equations 2.1): mean = mean_a + (mean_b - mean_a) n_b / n and m2 = m2_a + m2_b + (mean_b -
/// mean_a)^2 n_a n_b / n. Works on one channel (double) and on all of them (arrays). What is empty
/// merges to nothing.
template <typename MeanA, typename M2A, typename MeanB, typename M2B>
void merge_moments(Index count_a, MeanA&& mean_a, M2A&& m2_a, Index count_b, const MeanB& mean_b,
                   const M2B& m2_b) {
  if (count_b == 0) return;
  if (count_a == 0) {
    mean_a = mean_b;
    m2_a = m2_b;
    return;
  }
  const double weight_b = static_cast<double>(count_b) / static_cast<double>(count_a + count_b);
  m2_a += m2_b + (mean_b - mean_a) * (mean_b - mean_a) * (weight_b * static_cast<double>(count_a));
  mean_a += (mean_b - mean_a) * weight_b;
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
