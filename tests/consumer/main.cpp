#include <batchnorm/batchnorm.hpp>

// Training moves the output's mean to beta, which is 0.
int main() {
  batchnorm::BatchNorm<float> norm(2);
  Eigen::MatrixXf x(4, 2);
  x << 1.0F, 5.0F, 2.0F, 6.0F, 3.0F, 7.0F, 4.0F, 8.0F;
  const Eigen::MatrixXf y = norm.forward(x);
  return y.colwise().mean().cwiseAbs().maxCoeff() < 1e-6F ? 0 : 1;
}
