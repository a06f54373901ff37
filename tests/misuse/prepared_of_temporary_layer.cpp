#include "misuse.hpp"

// error: batchnorm: what is prepared needs its layer: give the layer a name
void misuse(const BatchNorm<float>& norm, const Eigen::MatrixXf& x, Eigen::MatrixXf& y) {
  BatchNorm<float, Eval>(norm).prepared(x, y);  // here
}
