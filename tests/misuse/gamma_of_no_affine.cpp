#include "misuse.hpp"

// error: batchnorm: this layer has no gamma (it is 1)
void misuse(BatchNorm<float, Train, NoAffine>& norm) {
  norm.gamma();  // here
}
