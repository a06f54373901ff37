#include "misuse.hpp"

// error: batchnorm: a layer of Channels<N> has memory within itself for forward and backward alone
void misuse(BatchNorm<float, Train, NoAffine, Channels<3>>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& gamma) {
  norm.forward(x, affine(gamma, gamma));  // here
}
