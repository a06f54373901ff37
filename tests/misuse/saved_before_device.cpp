#include "misuse.hpp"

// error: batchnorm: expected an Eigen matrix, array, map, block or tensor
void misuse(BatchNorm<float>& norm, const Eigen::DefaultDevice& device, const Eigen::MatrixXf& x) {
  BatchNorm<float>::Saved saved;
  norm.forward(saved, device, x);  // here
}
