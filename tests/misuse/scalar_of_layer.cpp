#include "misuse.hpp"

// error: batchnorm: the first parameter of a layer is its scalar, float, double
BatchNorm<int> norm(3);  // here
