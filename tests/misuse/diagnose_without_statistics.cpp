#include <batchnorm/diagnose.hpp>

#include "misuse.hpp"

// error: batchnorm: diagnose tells how running statistics are, and this layer keeps none.
const BatchNorm<float, Train, NoRunningStatistics> norm(3);
const Diagnosis diagnosis = diagnose(norm);  // here
