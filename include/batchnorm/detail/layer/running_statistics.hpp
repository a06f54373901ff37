#pragma once

#include <cmath>
#include <cstdint>

#include "../../options.hpp"
#include "../kernels/kernels.hpp"
#include "../order/channels.hpp"

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

inline void move_running(const RunningUpdate& update, const ChannelRange& range, double old_weight,
                         double new_weight) {
  with_kernels([&](auto kernels) { kernels.move_running(update, range, old_weight, new_weight); });
}

/// Moves the running statistics of every channel by a batch of `count` values (algorithm 2, line
/// 10); a channel that is not finite stays and is counted, unless the options say otherwise.
template <typename State>
void update_running_statistics(const ChannelArray<double>& mean, const ChannelArray<double>& m2,
                               Index count, const Options& options, State& state) {
  const bool unbiased = options.running_variance == RunningVariance::unbiased;
  const RunningUpdate update{mean.data(), m2.data(),
                             1.0 / static_cast<double>(unbiased ? count - 1 : count),
                             state.running_mean.data(), state.running_variance.data()};
  const Momentum& momentum = options.momentum;
  const bool reject = options.non_finite == NonFinite::reject && !all_finite(mean, m2);
  std::int64_t* rejected = state.rejected.data();
  if (!reject && all_zero(rejected, mean.size())) {
    const auto accepted = static_cast<double>(state.batches);
    return move_running(update, {0, mean.size()}, momentum.old_weight(accepted),
                        momentum.new_weight(accepted));
  }
  for (Index c = 0; c < mean.size(); ++c) {
    if (reject && !(std::isfinite(mean[c]) && std::isfinite(m2[c]))) {
      ++rejected[c];
      continue;
    }
    const auto accepted = static_cast<double>(state.batches - rejected[c]);
    move_running(update, {c, c + 1}, momentum.old_weight(accepted), momentum.new_weight(accepted));
  }
}

}  // namespace batchnorm::detail
