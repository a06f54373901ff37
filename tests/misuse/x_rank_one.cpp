#include "misuse.hpp"

// error: batchnorm: expected a tensor of rank 2 to 5
void misuse(BatchNorm<float>& norm, const Eigen::Tensor<float, 1>& x) {
  norm.forward(x);  // here
}
