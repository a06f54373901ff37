#include "misuse.hpp"

// error: batchnorm: the first parameter of a layer is its scalar, float, double
BatchNorm<const float> norm(3);  // here
