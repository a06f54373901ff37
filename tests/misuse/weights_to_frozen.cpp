#include "misuse.hpp"

// error: batchnorm: a Frozen layer normalises with its running statistics, which no
void misuse(BatchNorm<float, Frozen>& norm, const Eigen::MatrixXf& x, const Eigen::VectorXf& w) {
  norm.forward(x, sample_weights(w));  // here
}
