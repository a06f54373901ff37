#include "misuse.hpp"

// error: batchnorm: the scalar of an argument is not the layer's first
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::MatrixXd& dy) {
  norm.backward(x, dy);  // here
}
