#include "misuse.hpp"

// error: batchnorm: options are named
BatchNorm<float> norm(3, 1e-3, 0.1);  // here
