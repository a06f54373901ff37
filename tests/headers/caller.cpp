#include <batchnorm/batchnorm.hpp>

// A caller of all that a layer does in training, whose own lines are wrong in no standard.
float caller(const Eigen::MatrixXf& x, const Eigen::MatrixXf& dy) {
  using namespace batchnorm;
  BatchNorm<float> norm(3);
  const Eigen::MatrixXf y = norm.forward(x);
  const Eigen::MatrixXf dx = norm.backward(x, dy);
  const BatchNorm<float, Eval> deployed(norm);
  return y.sum() + dx.sum() + deployed.forward(x).sum();
}
