#include "misuse.hpp"

// error: batchnorm: backward takes (x, dy), (x, dy, dx)
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::MatrixXf& dy) {
  norm.backward(x, accumulate, dy);  // here
}
