#pragma once

#include <cmath>
#include <limits>

#include "../../../view.hpp"
#include "channel_moments.hpp"

namespace batchnorm::detail {

/// Marks what is not finite by an infinite m2, and begins its mean anew; whether there was any.
inline bool mark_not_finite(Index channels, const ChannelMoments& of) {
  bool any = false;
  for (Index c = 0; c < channels; ++c) {
    if (std::isfinite(of.mean[c]) && std::isfinite(of.m2[c])) continue;
    any = true;
    of.mean[c] = 0.0;
    of.m2[c] = std::numeric_limits<double>::infinity();
  }
  return any;
}

/// Gives moments that are not finite what IEEE arithmetic makes of sum and squares, wherever in
/// `view` the values stand: one infinity makes the mean infinite and m2 NaN; two of different
/// signs, or a NaN, make both NaN. Finite values whose squares leave the range of double keep their
/// mean, and have an infinite m2.
template <typename Scalar>
void settle_not_finite(const View<const Scalar>& view, const ChannelMoments& of) {
  constexpr double down = 0x1p-64;  // keeps the sum of values near the largest double in range
  if (!mark_not_finite(view.channels, of)) return;
  for (Index o = 0; o < view.outer; ++o) {
    for (Index c = 0; c < view.channels; ++c) {
      if (std::isfinite(of.m2[c])) continue;
      for (Index i = 0; i < view.inner; ++i)
        of.mean[c] += static_cast<double>(view(o, c, i)) * down;
    }
  }
  for (Index c = 0; c < view.channels; ++c) {
    if (std::isfinite(of.m2[c])) continue;
    of.mean[c] = of.mean[c] / static_cast<double>(view.count()) / down;
    if (of.low != nullptr) of.low[c] = 0.0;
    if (!std::isfinite(of.mean[c])) of.m2[c] = std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace batchnorm::detail
