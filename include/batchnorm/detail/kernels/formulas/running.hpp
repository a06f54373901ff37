#ifndef BATCHNORM_FORMULAS_RUNNING
#define BATCHNORM_FORMULAS_RUNNING

#include "channel_packets.hpp"
#include "coefficients.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// By 0 * mean + 0 * m2, which is 0 of finite numbers and NaN of others.
template <typename P>
P nothing_of(const double* mean, const double* m2) {
  const P none = broadcast<P>(0);
  return add(multiply(none, load<P>(mean)), multiply(none, load<P>(m2)));
}

/// Whether the moments of all channels are finite.
inline bool are_all_finite(const double* mean, const double* m2, Index channels) {
  using Wide = PacketOf<double>;
  Wide nothing = broadcast<Wide>(0);
  Index c = 0;
  for (; c + lanes<Wide> <= channels; c += lanes<Wide>)
    nothing = add(nothing, nothing_of<Wide>(mean + c, m2 + c));
  double rest = sum_of(lane_array(nothing));
  for (; c < channels; ++c) rest += nothing_of<double>(mean + c, m2 + c);
  return rest == 0.0;
}

/// Moves the running statistics of some channels (Ioffe and Szegedy 2015, algorithm 2, line 10).
inline void move_running(const RunningUpdate& by, const ChannelRange& range, double old_weight,
                         double new_weight) {
  for_each_channel_packet(range, [&]<typename P>(const ChannelsAt<P>& at) {
    const P old = broadcast<P>(old_weight);
    const P weight = broadcast<P>(new_weight);
    const P variance = multiply(at.load(by.m2), broadcast<P>(by.share));
    at.store(by.running_mean,
             multiply_add(old, at.load(by.running_mean), multiply(weight, at.load(by.mean))));
    at.store(by.running_variance,
             multiply_add(old, at.load(by.running_variance), multiply(weight, variance)));
  });
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
