#include "misuse.hpp"

// error: batchnorm: x is missing behind the Saved
void misuse(BatchNorm<float>& norm) {
  BatchNorm<float>::Saved saved;
  norm.forward(saved);  // here
}
