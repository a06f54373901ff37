#include "misuse.hpp"

// error: batchnorm: unknown policy: expected an axis
BatchNorm<float, Train, Eval> norm(3);  // here
