#include "misuse.hpp"

// error: batchnorm: the scalar of an argument is not the layer
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::MatrixXd& v) {
  norm.second_backward(x, x, v);  // here
}
