#include "misuse.hpp"

// error: batchnorm: a Saved stands in front of x, behind a device; Eval layers take none
void misuse(const BatchNorm<float, Eval>& norm, const Eigen::MatrixXf& x) {
  BatchNorm<float>::Saved saved;
  static_cast<void>(norm.forward(saved, x));  // here
}
