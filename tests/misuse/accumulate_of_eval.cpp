#include "misuse.hpp"

// error: batchnorm: an Eval layer has no gradients of parameters to accumulate
void misuse(const BatchNorm<float, Eval>& norm, const Tensor4& x, const Tensor4& dy) {
  norm.backward(x, dy, accumulate);  // here
}
