#include "misuse.hpp"

// error: batchnorm: a Saved in front of x is written, and is of the layer
void misuse(BatchNorm<float>& norm, const Eigen::MatrixXf& x) {
  BatchNorm<double>::Saved saved;
  norm.forward(saved, x);  // here
}
