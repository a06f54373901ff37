#include "misuse.hpp"

// error: batchnorm: the layer's activation stands between the layer and the next map
void misuse(const BatchNorm<float, Eval, ReLU>& norm, const Eigen::MatrixXf& weight) {
  const auto [w, b] = fold_into_next(norm, weight);  // here
}
