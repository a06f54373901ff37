#include "misuse.hpp"

// error: batchnorm: running statistics are set with the rest of a state
void misuse(BatchNorm<float, Eval>& norm, const Eigen::VectorXd& variance) {
  norm.running_variance() = variance;  // here
}
