#include "misuse.hpp"

// error: batchnorm: these layers are of different types: make a new layer from the other
void misuse(BatchNorm<float, Eval>& eval, const BatchNorm<float>& train) {
  eval = train;  // here
}
