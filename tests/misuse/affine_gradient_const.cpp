#include "misuse.hpp"

// error: batchnorm: an output is const
void misuse(BatchNorm<float, Eval, NoAffine>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& gamma, Eigen::MatrixXf& dx) {
  norm.backward(x, affine(gamma, gamma), x, dx, gamma, gamma);  // here
}
