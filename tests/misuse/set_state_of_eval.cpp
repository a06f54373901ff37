#include "misuse.hpp"

// error: batchnorm: an Eval layer is constant
void misuse(BatchNorm<float, Eval>& norm, const State<float>& state) {
  norm.set_state(state);  // here
}
