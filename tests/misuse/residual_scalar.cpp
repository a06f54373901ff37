#include "misuse.hpp"

// error: batchnorm: the scalar of an argument is not the layer's
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::MatrixXd& r) {
  norm.forward(x, residual(r));  // here
}
