#pragma once

#include <cmath>
#include <limits>

#include "../../gradient_sums.hpp"
#include "../../moments.hpp"
#include "../arguments/arguments.hpp"
#include "../refusal/refusal.hpp"

// Whether moments and gradient sums that were given fit a layer and a pass.
namespace batchnorm::detail {

/// Refuses what no values have, and means that the layer's parameters' scalar can't hold. What is
/// not finite is the options' business.
template <typename Scalar>
void check_moment_values(const char* call, const Moments& moments) {
  constexpr double most{std::numeric_limits<Scalar>::max()};
  for (Index c = 0; c < moments.mean.size(); ++c) {
    if (moments.m2[c] < 0.0) {
      refuse(call, ": expected moments with an m2 of at least 0, got ", moments.m2[c],
             " in channel ", c, "; were the fields exchanged on the way?");
    }
    if (std::abs(moments.mean[c]) > most && std::isfinite(moments.mean[c])) {
      refuse(call, ": expected a mean in the range of the layer's parameters, got ",
             moments.mean[c], " in channel ", c, "; are they moments of values in double?");
    }
  }
}

template <typename Scalar>
void check_moments(const char* call, const Moments& moments, Index channels) {
  if (!is_count(moments.count)) {
    refuse(call, ": expected moments of at least 0 values, got ", moments.count,
           "; was the count read as another type?");
  }
  if (moments.count == 0.0) return;
  const Index low = moments.mean_low.size();
  if (moments.mean.size() != channels || moments.m2.size() != channels ||
      (low != 0 && low != channels)) {
    refuse(call, ": expected moments of ", channels, " channels, got mean, m2 and mean_low of ",
           moments.mean.size(), ", ", moments.m2.size(), " and ", low,
           "; are they of another layer's input?");
  }
  check_moment_values<Scalar>(call, moments);
}

/// Whether moments are of a single value, which has no variance: of those whose weights are 1
/// together, several may be.
inline bool is_of_one_value(const Moments& moments) {
  return moments.count == 1.0 && !(moments.m2 > 0.0).any();
}

/// Moments of nothing serve only an x that holds nothing.
inline void check_moments_of(const Moments& moments, const Shape& x, Index values) {
  if (moments.count > 0.0 || values == 0) return;
  refuse("forward got moments of no values for x of shape ", x,
         "; merge norm.moments(x) into them first.");
}

inline void check_sums(const char* call, const GradientSums& sums, Index channels) {
  if (!is_count(sums.count)) {
    refuse(call, ": expected gradient sums of at least 0 values, got ", sums.count,
           "; was the count read as another type?");
  }
  if (sums.sum.size() == channels && sums.product.size() == channels) return;
  refuse(call, ": expected gradient sums of ", channels, " channels, got sum and product of ",
         sums.sum.size(), " and ", sums.product.size(),
         "; norm.gradient_sums(x, dy) gives those of a part.");
}

/// Of weights that were added in another order.
inline constexpr double sum_roundings = 1e-9;

/// The same weights in forward and backward have the same sum.
inline void check_weights_sum(double got, double of_forward) {
  if (std::abs(got - of_forward) <= sum_roundings * of_forward) return;
  refuse("backward expected the sample weights of its forward, ", of_forward,
         " together, got such that are ", got, "; give both the same.");
}

/// The gradient through statistics of `count` values needs the sums of as many.
inline void check_sums_count(const char* call, double got, double count) {
  if (std::abs(got - count) <= sum_roundings * count) return;
  refuse(call, ": expected gradient sums of ", count,
         " values per channel, as many as the moments of the forward are of, got ", got,
         "; merge those of all parts, and give learn and backward the Saved that the forward had.");
}

}  // namespace batchnorm::detail
