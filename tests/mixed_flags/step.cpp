#include <batchnorm/batchnorm.hpp>

Eigen::MatrixXf step(const Eigen::MatrixXf& x) {
  batchnorm::BatchNorm<float> norm(x.cols());
  const Eigen::MatrixXf y = norm.forward(x);
  return norm.backward(x, y);
}
