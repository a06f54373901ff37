#include "misuse.hpp"

// error: batchnorm: gamma and beta of affine(gamma, beta) are named Eigen vectors
void misuse(BatchNorm<float, Train, NoAffine>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& gamma) {
  norm.forward(x, affine(2.0F * gamma, gamma));  // here
}
