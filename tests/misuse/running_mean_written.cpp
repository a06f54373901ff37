#include "misuse.hpp"

// error: batchnorm: running statistics are set with the rest of a state
void misuse(BatchNorm<float>& norm, const Eigen::VectorXd& mean) {
  norm.running_mean() = mean;  // here
}
