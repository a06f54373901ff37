#include "misuse.hpp"

// error: batchnorm: a layer with NoRunningStatistics rejects nothing
void misuse(const BatchNorm<float, Train, NoRunningStatistics>& norm) {
  norm.rejected();  // here
}
