#include "misuse.hpp"

// error: batchnorm: sample weights have the scalar of the layer
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::VectorXd& w) {
  norm.forward(x, sample_weights(w));  // here
}
