#include "misuse.hpp"

// error: batchnorm: an expression has no storage: name it first
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x) {
  norm.forward(x(Eigen::seqN(0, 8, 2), Eigen::placeholders::all));  // here
}
