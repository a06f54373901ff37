#include "misuse.hpp"

// error: batchnorm: this layer has no gamma, and no gradient of it.
void misuse(const BatchNorm<float, Train, ShiftOnly>& norm) {
  norm.gamma_gradient();  // here
}
