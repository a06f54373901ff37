#pragma once

#include <cmath>
#include <cstdint>

#include "calls.hpp"

namespace batchnorm::detail {

inline bool all_finite(const ChannelArray<double>& mean, const ChannelArray<double>& m2) {
  Index bad = 0;
  for (Index c = 0; c < mean.size(); ++c)
    bad += static_cast<Index>(!(0.0 * mean[c] + 0.0 * m2[c] == 0.0));
  return bad == 0;
}

inline bool all_zero(const std::int64_t* counts, Index channels) {
  std::int64_t some = 0;
  for (Index c = 0; c < channels; ++c) some |= counts[c];
  return some == 0;
}

template <>
struct Step<calls::UpdateRunning> {
  static void run(const ChannelArray<double>& mean, const ChannelArray<double>& m2, Index count,
                  const Options& options, const RunningState& running) {
    const bool unbiased = options.running_variance == RunningVariance::unbiased;
    const RunningUpdate update{mean.data(), m2.data(),
                               1.0 / static_cast<double>(unbiased ? count - 1 : count),
                               running.mean, running.variance};
    const Momentum& momentum = options.momentum;
    const bool reject = options.non_finite == NonFinite::reject && !all_finite(mean, m2);
    if (!reject && all_zero(running.rejected, mean.size())) {
      const auto accepted = static_cast<double>(running.batches);
      return run_kernel<calls::MoveRunning>(update, ChannelRange{0, mean.size()},
                                            momentum.old_weight(accepted),
                                            momentum.new_weight(accepted));
    }
    for (Index c = 0; c < mean.size(); ++c) {
      if (reject && !(std::isfinite(mean[c]) && std::isfinite(m2[c]))) {
        ++running.rejected[c];
        continue;
      }
      const auto accepted = static_cast<double>(running.batches - running.rejected[c]);
      run_kernel<calls::MoveRunning>(update, ChannelRange{c, c + 1}, momentum.old_weight(accepted),
                                     momentum.new_weight(accepted));
    }
  }
};

}  // namespace batchnorm::detail
