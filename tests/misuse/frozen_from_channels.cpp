#include "misuse.hpp"

// error: batchnorm: a Frozen layer needs running statistics
BatchNorm<float, Frozen> norm(3);  // here
