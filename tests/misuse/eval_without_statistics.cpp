#include "misuse.hpp"

// error: batchnorm: Frozen and Eval normalise with running statistics
void misuse(const State<float>& state) {
  BatchNorm<float, Eval, NoRunningStatistics> norm(state);  // here
}
