#include "misuse.hpp"

// error: batchnorm: the inputs and the outputs of a weight are on two different axes.
void misuse(const BatchNorm<float, Eval>& norm, const Tensor4& weight) {
  (void)fold_into_next<ChannelAxis<3>, ChannelsLast>(norm, weight);  // here
}
