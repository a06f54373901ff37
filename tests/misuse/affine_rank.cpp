#include "misuse.hpp"

// error: batchnorm: gamma and beta of affine(gamma, beta) are vectors with a value per
void misuse(BatchNorm<float, Train, NoAffine>& norm, const Tensor4& x,
            const Eigen::VectorXf& gamma) {
  norm.forward(x, affine(x, gamma));  // here
}
