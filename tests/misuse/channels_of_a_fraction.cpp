#include "misuse.hpp"

// error: batchnorm: a number of channels is an integer.
BatchNorm<float> norm(64.0);  // here
