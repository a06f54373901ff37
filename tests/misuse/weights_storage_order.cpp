#include "misuse.hpp"

// error: batchnorm: sample weights have the same storage order as x
using Sequences = Eigen::Tensor<float, 3, Eigen::RowMajor>;

void misuse(BatchNorm<float>& norm, const Sequences& x, const Eigen::MatrixXf& w) {
  norm.forward(x, sample_weights(w));  // here
}
