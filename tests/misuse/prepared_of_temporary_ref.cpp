#include "misuse.hpp"

// error: batchnorm: what is prepared reads x, the residual and y whenever it is called
void misuse(const BatchNorm<float, Eval>& norm, const Eigen::MatrixXf& x, Eigen::MatrixXf& y) {
  (void)norm.prepared(Eigen::Ref<const Eigen::MatrixXf>(x.topRows(2)), y);  // here
}
