#include "misuse.hpp"

// error: batchnorm: a layer with NoRunningStatistics has no running_mean
void misuse(const BatchNorm<float, Train, NoRunningStatistics>& norm) {
  norm.running_mean();  // here
}
