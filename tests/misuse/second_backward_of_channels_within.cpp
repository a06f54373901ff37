#include "misuse.hpp"

// error: batchnorm: a layer of Channels<N> has memory within itself for forward and backward alone
void misuse(BatchNorm<float, Train, Channels<3>>& norm, const Eigen::MatrixXf& x) {
  norm.second_backward(x, x, x);  // here
}
