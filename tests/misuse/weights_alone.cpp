#include "misuse.hpp"

// error: batchnorm: sample weights stand once, behind x, in calls of a Train layer
void misuse(BatchNorm<float>& norm, const Eigen::VectorXf& w) {
  norm.forward(sample_weights(w));  // here
}
