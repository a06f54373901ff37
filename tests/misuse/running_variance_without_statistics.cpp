#include "misuse.hpp"

// error: batchnorm: a layer with NoRunningStatistics has no running_variance
void misuse(const BatchNorm<float, Train, NoRunningStatistics>& norm) {
  norm.running_variance();  // here
}
