#include "misuse.hpp"

// error: batchnorm: an expression has no storage: name it first
void misuse(const BatchNorm<float, Eval>& norm, const Eigen::MatrixXf& weight) {
  (void)fold(norm, 2.0F * weight);  // here
}
