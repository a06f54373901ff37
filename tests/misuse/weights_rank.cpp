#include "misuse.hpp"

// error: batchnorm: sample weights are a vector with one per sample, or have x
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::MatrixXf& w) {
  norm.forward(x, sample_weights(w));  // here
}
