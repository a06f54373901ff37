#include "misuse.hpp"

// error: batchnorm: the mode of a layer is its type: make a BatchNorm<Scalar, Eval>
void misuse(BatchNorm<float>& norm) {
  norm.eval();  // here
}
