#include "misuse.hpp"

// error: batchnorm: prepared takes (x, y) or (x, residual(r), y), which are Eigen objects
void misuse(const BatchNorm<float, Eval>& norm, const Eigen::MatrixXf& x) {
  (void)norm.prepared(x);  // here
}
