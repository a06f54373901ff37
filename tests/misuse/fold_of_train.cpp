#include "misuse.hpp"

// error: batchnorm: fold takes the running statistics as constants
void misuse(const BatchNorm<float>& norm, const Eigen::MatrixXf& weight) {
  (void)fold(norm, weight);  // here
}
