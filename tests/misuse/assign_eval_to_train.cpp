#include "misuse.hpp"

// error: batchnorm: these layers are of different types: make a new layer from the other
void misuse(BatchNorm<float>& train, const BatchNorm<float, Eval>& eval) {
  train = eval;  // here
}
