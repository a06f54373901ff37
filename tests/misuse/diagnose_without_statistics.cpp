#include "misuse.hpp"

#include <batchnorm/diagnose.hpp>

// error: batchnorm: diagnose tells how running statistics are, and this layer keeps none.
const BatchNorm<float, Train, NoRunningStatistics> norm(3);
const Diagnosis diagnosis = diagnose(norm);  // here
