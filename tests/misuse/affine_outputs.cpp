#include "misuse.hpp"

// error: batchnorm: backward with affine(gamma, beta) takes (x, dy), (x, dy, dx
void misuse(BatchNorm<float, Train, NoAffine>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& gamma, Eigen::MatrixXf& dx) {
  norm.backward(x, affine(gamma, gamma), x, dx);  // here
}
