#include "misuse.hpp"

// error: batchnorm: this layer has no beta, and no gradient of it.
void misuse(const BatchNorm<float, Train, ScaleOnly>& norm) {
  norm.beta_gradient();  // here
}
