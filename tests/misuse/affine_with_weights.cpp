#include "misuse.hpp"

// error: batchnorm: affine(gamma, beta) stands once, behind x, without sample weights
void misuse(BatchNorm<float, Train, NoAffine>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& gamma) {
  norm.forward(x, affine(gamma, gamma), sample_weights(gamma));  // here
}
