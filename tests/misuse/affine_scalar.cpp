#include "misuse.hpp"

// error: batchnorm: gamma and beta of affine(gamma, beta) have the scalar
void misuse(BatchNorm<float, Train, NoAffine>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXd& gamma) {
  norm.forward(x, affine(gamma, gamma));  // here
}
