#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "calls.hpp"

namespace batchnorm::detail {

inline bool is_finite(const BatchStatistics& batch, Index c) {
  return std::isfinite(batch.mean[c]) && std::isfinite(batch.m2[c]);
}

inline bool all_finite(const BatchStatistics& batch) {
  bool result = true;
  run_kernel<calls::FindAllFinite>(batch.mean, batch.m2, batch.channels, result);
  return result;
}

/// Whether all channels weigh this batch alike: always, unless a batch's weight depends on how many
/// a channel has accepted.
inline bool weigh_alike(const Momentum& momentum, const std::int64_t* rejected, Index channels) {
  if (!momentum.is_cumulative()) return !momentum.is_pooled();
  return std::all_of(rejected, rejected + channels, [](std::int64_t count) { return count == 0; });
}

/// Takes the values of a batch into a channel's pool (Chan, Golub and LeVeque 1983, equations 2.1).
/// The variance has the divisor n - `less`, and is 0 where there is a single value.
inline void pool(const BatchStatistics& batch, Index c, double less, const RunningState& running) {
  const double added = batch.count;
  const double before = running.values[c];
  const double all = before + added;
  const double distance = before > 0.0 ? batch.mean[c] - running.mean[c] : 0.0;
  const double m2 = before > 0.0 ? running.variance[c] * (before - less) : 0.0;
  const double between = distance * distance * before * (added / all);
  running.mean[c] = before > 0.0 ? running.mean[c] + distance * (added / all) : batch.mean[c];
  const double divisor = all - less;
  running.variance[c] = divisor > 0.0 ? (m2 + batch.m2[c] + between) / divisor : 0.0;
  running.values[c] = all;
}

template <>
struct Step<calls::UpdateRunning> {
  static void run(const BatchStatistics& batch, const Options& options,
                  const RunningState& running) {
    const double less = options.running_variance == RunningVariance::unbiased ? 1.0 : 0.0;
    const RunningUpdate update{batch.mean, batch.m2, 1.0 / (batch.count - less), running.mean,
                               running.variance};
    const Momentum& momentum = options.momentum;
    const bool reject = options.non_finite == NonFinite::reject && !all_finite(batch);
    const bool pools = momentum.is_pooled();
    if (!reject && weigh_alike(momentum, running.rejected, batch.channels)) {
      return move(update, {0, batch.channels}, momentum, running.batches);
    }
    for (Index c = 0; c < batch.channels; ++c) {
      if (reject && !is_finite(batch, c)) {
        ++running.rejected[c];
      } else if (pools) {
        pool(batch, c, less, running);
      } else {
        move(update, {c, c + 1}, momentum, running.batches - running.rejected[c]);
      }
    }
  }

 private:
  static void move(const RunningUpdate& update, const ChannelRange& range, const Momentum& momentum,
                   std::int64_t accepted) {
    const auto number = static_cast<double>(accepted);
    run_kernel<calls::MoveRunning>(update, range, momentum.old_weight(number),
                                   momentum.new_weight(number));
  }
};

}  // namespace batchnorm::detail
