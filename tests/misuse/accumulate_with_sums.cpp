#include "misuse.hpp"

// error: batchnorm: backward with gradient sums leaves the gradients of gamma and beta
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x, const Eigen::MatrixXf& dy,
            const batchnorm::GradientSums& sums) {
  norm.backward(x, dy, sums, accumulate);  // here
}
