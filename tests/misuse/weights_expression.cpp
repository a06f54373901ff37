#include "misuse.hpp"

// error: batchnorm: sample weights are a named Eigen vector, matrix, map or tensor
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::VectorXf& w) {
  norm.forward(x, sample_weights(2.0F * w));  // here
}
