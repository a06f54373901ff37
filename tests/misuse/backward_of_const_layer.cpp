#include "misuse.hpp"

// error: batchnorm: backward writes the gradients of gamma and beta
void misuse(const BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::MatrixXf& dy) {
  norm.backward(x, dy);  // here
}
