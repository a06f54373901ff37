#include "misuse.hpp"

// error: batchnorm: groups<Axis> of fold names the axis of the inputs
void misuse(const BatchNorm<float, Eval>& norm, const Tensor4& weight) {
  (void)fold(norm, weight, groups<ChannelAxis<0>>(2));  // here
}
