#include "misuse.hpp"

// error: batchnorm: this layer has no beta (it is 0)
void misuse(BatchNorm<float, Train, ScaleOnly>& norm) {
  norm.beta();  // here
}
