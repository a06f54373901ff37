#include "misuse.hpp"

// error: batchnorm: a Saved stands in front of x, behind a device
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x) {
  BatchNorm<float>::Saved saved;
  norm.forward(x, saved);  // here
}
