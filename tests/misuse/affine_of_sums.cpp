#include "misuse.hpp"

// error: batchnorm: affine(gamma, beta) stands once, behind x, in forward and backward
void misuse(BatchNorm<float, Train, NoAffine>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& gamma) {
  norm.gradient_sums(x, affine(gamma, gamma));  // here
}
