#include "misuse.hpp"

// error: batchnorm: gradient_sums takes (x, dy) or (x, residual(r), dy)
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x) {
  norm.gradient_sums(x);  // here
}
