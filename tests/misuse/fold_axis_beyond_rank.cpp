#include "misuse.hpp"

// error: batchnorm: an axis that fold was given is beyond the weight's rank.
void misuse(const BatchNorm<float, Eval>& norm, const Tensor4& weight) {
  (void)fold<ChannelAxis<4>>(norm, weight);  // here
}
