#include "misuse.hpp"

// error: batchnorm: the first parameter of a layer is its scalar, float, double
void misuse(const State<float>& state) {
  BatchNorm<const float, Eval> norm(state);  // here
}
