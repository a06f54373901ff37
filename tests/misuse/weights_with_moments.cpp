#include "misuse.hpp"

// error: batchnorm: moments that are given have the sample weights in them
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::VectorXf& w,
            const Moments& moments) {
  norm.forward(x, moments, sample_weights(w));  // here
}
