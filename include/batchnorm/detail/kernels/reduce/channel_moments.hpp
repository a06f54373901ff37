#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <type_traits>

namespace batchnorm::detail {

using Eigen::Index;

/// Whether means of values of `Scalar` are kept with what a double leaves out of them.
template <typename Scalar>
inline constexpr bool keeps_low = std::is_same_v<Scalar, double>;

/// The moments of channels beside each other that are read. `low` may be null for 0.
struct GivenMoments {
  const double* mean;
  const double* low;
  const double* m2;
};

/// The moments of channels beside each other, in somebody else's memory. The mean is `mean + low`:
/// where the mean is many deviations, a double has too few digits for the distance of two means.
/// `low` is null where the data's scalar has fewer digits anyway.
struct ChannelMoments {
  double* mean;
  double* low;
  double* m2;

  /// Those of channels from `c` on.
  ChannelMoments from(Index c) const {
    return {mean + c, low == nullptr ? nullptr : low + c, m2 + c};
  }
  GivenMoments given() const { return {mean, low, m2}; }
};

inline void copy_moments(Index channels, const GivenMoments& from, const ChannelMoments& to) {
  std::copy_n(from.mean, channels, to.mean);
  if (to.low != nullptr && from.low != nullptr) {
    std::copy_n(from.low, channels, to.low);
  } else if (to.low != nullptr) {
    std::fill_n(to.low, channels, 0.0);
  }
  std::copy_n(from.m2, channels, to.m2);
}

}  // namespace batchnorm::detail
