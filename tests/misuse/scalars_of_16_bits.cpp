#include "misuse.hpp"

// error: batchnorm: the scalar of an argument is not the layer's first
void misuse(BatchNorm<Eigen::bfloat16>& norm, const Eigen::Matrix<Eigen::bfloat16, 8, 4>& x,
            Eigen::MatrixXf& y) {
  norm.forward(x, y);  // here
}
