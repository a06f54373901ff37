#include "misuse.hpp"

// error: batchnorm: expected an Eigen matrix, array, map, block or tensor
void misuse(BatchNorm<float>& norm, const std::vector<float>& x) {
  norm.forward(x);  // here
}
