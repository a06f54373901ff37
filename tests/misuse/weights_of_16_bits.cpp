#include "misuse.hpp"

// error: batchnorm: sample weights have the scalar of the layer's parameters, float
void misuse(BatchNorm<Eigen::half>& norm, const Eigen::Matrix<Eigen::half, 8, 4>& x,
            const Eigen::Matrix<Eigen::half, 8, 1>& w) {
  norm.forward(x, sample_weights(w));  // here
}
