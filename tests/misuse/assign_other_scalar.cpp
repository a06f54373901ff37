#include "misuse.hpp"

// error: batchnorm: these layers are of different types: make a new layer from the other
void misuse(BatchNorm<float>& norm) {
  norm = BatchNorm<double>(3);  // here
}
