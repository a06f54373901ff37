#include "misuse.hpp"

// error: batchnorm: this state has another scalar than the layer's parameters: cast
void misuse(const State<double>& state) {
  const BatchNorm<Eigen::half, Eval> norm(state);  // here
  static_cast<void>(norm);
}
