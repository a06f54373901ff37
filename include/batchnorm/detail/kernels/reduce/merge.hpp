#ifndef BATCHNORM_REDUCE_MERGE
#define BATCHNORM_REDUCE_MERGE

#include "../../order/short_runs.hpp"
#include "../formulas/channel_packets.hpp"
#include "../packet/two_sum.hpp"
#include "channel_moments.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// `merge_moments` of means without a low part.
inline void merge_rounded_means(Index channels, double weight_b, double spread,
                                const ChannelMoments& a, const GivenMoments& b) {
  for_each_channel_packet({0, channels}, [&]<typename P>(const ChannelsAt<P>& at) {
    const P mean = at.load(a.mean);
    const P distance = subtract(at.load(b.mean), mean);
    const P between =
        multiply_add(multiply(distance, distance), broadcast<P>(spread), at.load(b.m2));
    at.store(a.m2, add(at.load(a.m2), between));
    at.store(a.mean, multiply_add(distance, broadcast<P>(weight_b), mean));
  });
}

/// `merge_moments` of means with a low part.
inline void merge_whole_means(Index channels, double weight_b, double spread,
                              const ChannelMoments& a, const GivenMoments& b) {
  for_each_channel_packet({0, channels}, [&]<typename P>(const ChannelsAt<P>& at) {
    const P mean = at.load(a.mean);
    const P low = at.load(a.low);
    const P distance = add(subtract(at.load(b.mean), mean), subtract(at.load_or(b.low, 0.0), low));
    const P between =
        multiply_add(multiply(distance, distance), broadcast<P>(spread), at.load(b.m2));
    const auto merged = two_sum(mean, multiply_add(distance, broadcast<P>(weight_b), low));
    at.store(a.m2, add(at.load(a.m2), between));
    at.store(a.mean, merged.sum);
    at.store(a.low, merged.rest);
  });
}

/// Merges the moments of `count_b` values into those of `count_a`, channel by channel (Chan, Golub
/// and LeVeque 1983, equations 2.1): mean = mean_a + (mean_b - mean_a) n_b / n and m2 = m2_a + m2_b
/// + (mean_b - mean_a)^2 n_a n_b / n. What is empty merges to nothing. The count of values that
/// weigh is the sum of their weights.
inline void merge_moments(Index channels, double count_a, const ChannelMoments& a, double count_b,
                          const GivenMoments& b) {
  if (count_b == 0.0) return;
  if (count_a == 0.0) return copy_moments(channels, b, a);
  const double weight_b = count_b / (count_a + count_b);
  const double spread = weight_b * count_a;
  if (a.low == nullptr) {
    merge_rounded_means(channels, weight_b, spread, a, b);
  } else {
    merge_whole_means(channels, weight_b, spread, a, b);
  }
}

/// Merges the moments of `count` values of each place of a run into those of its channel. Equal
/// means are merged to themselves.
inline void merge_runs(const PlaceMap& map, Index count, const ChannelMoments& places,
                       const ChannelMoments& to) {
  const bool has_low = to.low != nullptr;
  for (Index c = 0; c < map.channels; ++c) {
    const ChannelMoments run = places.from(c * map.run);
    const auto from_first = [&](Index i) {
      return run.mean[i] - run.mean[0] + (has_low ? run.low[i] - run.low[0] : 0.0);
    };
    double sum = 0;
    for (Index i = 1; i < map.run; ++i) sum += from_first(i);
    const double shift = sum / static_cast<double>(map.run);
    double squares = 0;
    double within = 0;
    for (Index i = 0; i < map.run; ++i) {
      const double deviation = from_first(i) - shift;
      squares = multiply_add(deviation, deviation, squares);
      within += run.m2[i];
    }
    to.m2[c] = multiply_add(static_cast<double>(count), squares, within);
    const auto mean = two_sum(run.mean[0], shift + (has_low ? run.low[0] : 0.0));
    to.mean[c] = mean.sum;
    if (has_low) to.low[c] = mean.rest;
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
