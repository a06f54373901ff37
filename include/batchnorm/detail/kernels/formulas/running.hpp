#ifndef BATCHNORM_FORMULAS_RUNNING
#define BATCHNORM_FORMULAS_RUNNING

#include "channel_packets.hpp"
#include "coefficients.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

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
