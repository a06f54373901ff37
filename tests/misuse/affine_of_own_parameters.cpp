#include "misuse.hpp"

// error: batchnorm: affine(gamma, beta) is for a layer without parameters of its own
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::VectorXf& gamma) {
  norm.forward(x, affine(gamma, gamma));  // here
}
