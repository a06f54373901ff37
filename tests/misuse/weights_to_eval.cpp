#include "misuse.hpp"

// error: batchnorm: sample weights stand once, behind x, in calls of a Train layer
void misuse(const BatchNorm<float, Eval>& norm, const Eigen::MatrixXf& x,
            const Eigen::VectorXf& w) {
  (void)norm.forward(x, sample_weights(w));  // here
}
