#include "misuse.hpp"

// error: batchnorm: a Frozen layer normalises with its running statistics
void misuse(BatchNorm<float, Frozen>& norm, const Eigen::MatrixXf& x,
            const batchnorm::Moments& moments) {
  norm.forward(x, moments);  // here
}
