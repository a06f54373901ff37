#include "misuse.hpp"

// error: batchnorm: an expression has no storage: name it first
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x) {
  norm.forward(x(std::vector<int>{0, 2, 5}, Eigen::seq(0, 1)));  // here
}
