#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "../../diagnosis.hpp"

namespace batchnorm {
namespace detail {

/// Whether all that is known of a channel is finite.
inline bool is_finite(const Diagnosis& diagnosis, Eigen::Index c) {
  const auto holds = [c](const Eigen::ArrayXd& values) {
    return values.size() == 0 || std::isfinite(values[c]);
  };
  return holds(diagnosis.mean) && holds(diagnosis.variance) && diagnosis.variance[c] >= 0.0 &&
         holds(diagnosis.gamma) && holds(diagnosis.beta) && holds(diagnosis.mean_drift) &&
         holds(diagnosis.data_variance);
}

/// How many times `value` lies below `limit`.
inline double times_below(double value, double limit) { return limit / value; }

/// The variance of a channel next to the limit below which it is dead.
inline double lack_of_variance(const Diagnosis& diagnosis, double variance) {
  return times_below(variance, diagnosis.limits.dead_variance * diagnosis.epsilon);
}

/// Whether the data say that a channel is active.
inline bool is_active(const Diagnosis& diagnosis, Eigen::Index c) {
  return diagnosis.has_data() && !(lack_of_variance(diagnosis, diagnosis.data_variance[c]) > 1.0);
}

/// How bad a channel is: the logarithm of how many times it is beyond its limits, all of its
/// troubles multiplied; 0 without a trouble.
inline double severity(const Diagnosis& diagnosis, Eigen::Index c) {
  double sum = 0.0;
  for (const Trouble trouble : all_troubles) {
    if (diagnosis.has(trouble, c)) sum += std::log(diagnosis.excess(trouble, c));
  }
  return sum;
}

/// The first of a channel's troubles, as a number, or how many there are where it has none.
inline std::size_t gravest(const Diagnosis& diagnosis, Eigen::Index c) {
  std::size_t place = 0;
  while (place < all_troubles.size() && !diagnosis.has(all_troubles.at(place), c)) ++place;
  return place;
}

}  // namespace detail

inline double Diagnosis::excess(Trouble trouble, Eigen::Index channel) const {
  switch (trouble) {
    case Trouble::not_finite:
      return detail::is_finite(*this, channel) ? 0.0 : std::numeric_limits<double>::infinity();
    case Trouble::dead:
    case Trouble::seldom_active:
      return (trouble == Trouble::seldom_active) == detail::is_active(*this, channel)
                 ? detail::lack_of_variance(*this, variance[channel])
                 : 0.0;
    case Trouble::small_gamma:
      return gamma.size() == 0 ? 0.0 : detail::times_below(std::abs(gamma[channel]), limits.gamma);
    case Trouble::rejected:
      return rejected[channel] / limits.rejected;
    case Trouble::start_values:
      return start_left[channel] / limits.start_left;
    case Trouble::few_batches:
      return detail::times_below(effective_batches[channel], limits.effective_batches);
    case Trouble::mean_drift:
      return has_data() ? std::abs(mean_drift[channel]) / limits.mean_drift : 0.0;
    case Trouble::variance_ratio:
      return has_data() ? std::fmax(variance_ratio[channel], 1.0 / variance_ratio[channel]) /
                              limits.variance_ratio
                        : 0.0;
  }
  return 0.0;
}

inline std::vector<Eigen::Index> Diagnosis::in_trouble() const {
  std::vector<Eigen::Index> found;
  for (Eigen::Index c = 0; c < channels(); ++c) {
    if (detail::gravest(*this, c) < all_troubles.size()) found.push_back(c);
  }
  std::stable_sort(found.begin(), found.end(), [this](Eigen::Index a, Eigen::Index b) {
    const auto rank = [this](Eigen::Index c) {
      return std::pair(detail::gravest(*this, c), -detail::severity(*this, c));
    };
    return rank(a) < rank(b);
  });
  return found;
}

}  // namespace batchnorm
