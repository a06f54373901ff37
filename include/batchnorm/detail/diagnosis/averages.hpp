#pragma once

#include <cmath>

#include "../../momentum.hpp"

// What is left of the start, and how many batches count, in an average whose k-th value (from 1)
// entered with weight new_weight(k) and left the others old_weight(k).
namespace batchnorm::detail {

/// The share of the start values after `accepted` batches: old^n of a constant weight, and nothing
/// after the first batch where every batch or value weighs the same.
inline double share_of_start(const Momentum& momentum, double accepted) {
  if (std::isnan(accepted)) return accepted;
  if (accepted == 0.0) return 1.0;
  if (momentum.is_cumulative() || momentum.is_pooled()) return 0.0;
  return std::pow(momentum.old_weight(1.0), accepted);
}

/// Kish's effective number (1965) of the batches, (sum of w)^2 / (sum of w^2), with w their weights
/// in the average: all of them where they weigh the same, and with a constant weight, old being
/// that of what was, (1 - old^n) (1 + old) / ((1 + old^n) (1 - old)), which tends to (1 + old) / (1
/// - old).
inline double effective_batches(const Momentum& momentum, double accepted) {
  if (std::isnan(accepted) || accepted == 0.0 || momentum.is_cumulative() || momentum.is_pooled())
    return accepted;
  const double old = momentum.old_weight(1.0);
  if (momentum.new_weight(1.0) == 0.0) return 0.0;
  const double left = std::pow(old, accepted);
  return (1.0 - left) * (1.0 + old) / ((1.0 + left) * momentum.new_weight(1.0));
}

}  // namespace batchnorm::detail
