#include "misuse.hpp"

// error: batchnorm: an Eval layer has no gradients
void misuse(const BatchNorm<float, Eval>& norm) {
  norm.beta_gradient();  // here
}
