#include "misuse.hpp"

// error: batchnorm: affine(gamma, beta) is taken by forward and backward of a layer that
void misuse(const BatchNorm<float, Frozen, NoAffine>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& gamma) {
  BatchNorm<float>::Saved saved;
  norm.forward(saved, x, affine(gamma, gamma));  // here
}
