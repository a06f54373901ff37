#include "misuse.hpp"

// error: batchnorm: these layers are of different types: make a layer of the one's type
bool misuse(const BatchNorm<float>& train, const BatchNorm<float, Eval>& eval) {
  return train == eval;  // here
}
