#include "misuse.hpp"

// error: batchnorm: what is prepared normalises with running statistics
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, Eigen::MatrixXf& y) {
  norm.prepared(x, y);  // here
}
