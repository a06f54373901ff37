#ifndef BATCHNORM_REDUCE_MERGE
#define BATCHNORM_REDUCE_MERGE

#include <algorithm>

#include "../formulas/channel_packets.hpp"
#include "../packet/two_sum.hpp"
#include "channel_moments.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

inline void copy_moments(Index channels, const ChannelMoments& from, const ChannelMoments& to) {
  std::copy_n(from.mean, channels, to.mean);
  if (to.low != nullptr) std::copy_n(from.low, channels, to.low);
  std::copy_n(from.m2, channels, to.m2);
}

/// `merge_moments` of means without a low part.
inline void merge_rounded_means(Index channels, double weight_b, double spread,
                                const ChannelMoments& a, const ChannelMoments& b) {
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
                              const ChannelMoments& a, const ChannelMoments& b) {
  for_each_channel_packet({0, channels}, [&]<typename P>(const ChannelsAt<P>& at) {
    const P mean = at.load(a.mean);
    const P low = at.load(a.low);
    const P distance = add(subtract(at.load(b.mean), mean), subtract(at.load(b.low), low));
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
/// + (mean_b - mean_a)^2 n_a n_b / n. What is empty merges to nothing.
inline void merge_moments(Index channels, Index count_a, const ChannelMoments& a, Index count_b,
                          const ChannelMoments& b) {
  if (count_b == 0) return;
  if (count_a == 0) return copy_moments(channels, b, a);
  const double weight_b = static_cast<double>(count_b) / static_cast<double>(count_a + count_b);
  const double spread = weight_b * static_cast<double>(count_a);
  if (a.low == nullptr) {
    merge_rounded_means(channels, weight_b, spread, a, b);
  } else {
    merge_whole_means(channels, weight_b, spread, a, b);
  }
}

/// into += from.
inline void add_sums(Index count, double* into, const double* from) {
  for (Index k = 0; k < count; ++k) into[k] += from[k];
}

/// Calls `merge(into, from, end)`, which adds what pieces [from, end) hold to what pieces [into,
/// from) hold, until piece 0 holds everything: neighbours first, in an order that depends on the
/// number of pieces alone.
template <typename Merge>
void merge_tree(Index pieces, const Merge& merge) {
  for (Index distance = 1; distance < pieces; distance *= 2) {
    for (Index into = 0; into + distance < pieces; into += 2 * distance) {
      merge(into, into + distance, std::min(into + 2 * distance, pieces));
    }
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
