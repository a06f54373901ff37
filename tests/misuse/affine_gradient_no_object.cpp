#include "misuse.hpp"

// error: batchnorm: dgamma and dbeta are Eigen objects of the shapes
void misuse(BatchNorm<float, Train, NoAffine>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& gamma, Eigen::MatrixXf& dx) {
  norm.backward(x, affine(gamma, gamma), x, dx, 1.0F, 2.0F);  // here
}
