#include "misuse.hpp"

// error: batchnorm: fold gives a linear map, which would lose the layer's activation
void misuse(const BatchNorm<float, Eval, ReLU>& norm, const Eigen::MatrixXf& weight) {
  const auto [w, b] = fold(norm, weight);  // here
}
