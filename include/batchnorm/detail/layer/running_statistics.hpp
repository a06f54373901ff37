#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../../options.hpp"
#include "../order/channels.hpp"

namespace batchnorm::detail {

/// Rounds a variance to `Scalar`; what is finite stays finite, and what is not stays so. Without a
/// branch, so that channels go into vectors.
template <typename Scalar>
Scalar round_to(double variance) {
  constexpr double most{std::numeric_limits<Scalar>::max()};
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const double within = variance > most ? most : variance;
  return static_cast<Scalar>(variance < infinite ? within : variance);
}

/// What a batch says of its channels, and the running statistics that it moves.
template <typename Scalar>
struct RunningUpdate {
  const double* mean;
  const double* m2;
  double share;  ///< variance = m2 * share
  Scalar* running_mean;
  Scalar* running_variance;

  /// A weighted mean of means, unlike one of variances, cannot leave the range of `Scalar`.
  void move(Index c, double old_weight, double new_weight) const {
    running_mean[c] = static_cast<Scalar>(old_weight * static_cast<double>(running_mean[c]) +
                                          new_weight * mean[c]);
    running_variance[c] = round_to<Scalar>(old_weight * static_cast<double>(running_variance[c]) +
                                           new_weight * (m2[c] * share));
  }

  void move_all(Index channels, double old_weight, double new_weight) const {
    for (Index c = 0; c < channels; ++c) move(c, old_weight, new_weight);
  }
};

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

/// Moves the running statistics of every channel by a batch of `count` values (algorithm 2, line
/// 10); a channel that is not finite stays and is counted, unless the options say otherwise.
template <typename State>
void update_running_statistics(const ChannelArray<double>& mean, const ChannelArray<double>& m2,
                               Index count, const Options& options, State& state) {
  using Scalar = std::remove_cvref_t<decltype(*state.running_mean.data())>;
  const bool unbiased = options.running_variance == RunningVariance::unbiased;
  const RunningUpdate<Scalar> update{mean.data(), m2.data(),
                                     1.0 / static_cast<double>(unbiased ? count - 1 : count),
                                     state.running_mean.data(), state.running_variance.data()};
  const Momentum& momentum = options.momentum;
  const bool reject = options.non_finite == NonFinite::reject && !all_finite(mean, m2);
  std::int64_t* rejected = state.rejected.data();
  ++state.batches;
  if (!reject && all_zero(rejected, mean.size())) {
    const auto accepted = static_cast<double>(state.batches);
    return update.move_all(mean.size(), momentum.old_weight(accepted),
                           momentum.new_weight(accepted));
  }
  for (Index c = 0; c < mean.size(); ++c) {
    if (reject && !(std::isfinite(mean[c]) && std::isfinite(m2[c]))) {
      ++rejected[c];
      continue;
    }
    const auto accepted = static_cast<double>(state.batches - rejected[c]);
    update.move(c, momentum.old_weight(accepted), momentum.new_weight(accepted));
  }
}

}  // namespace batchnorm::detail
