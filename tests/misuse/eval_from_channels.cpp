#include "misuse.hpp"

// error: batchnorm: an Eval layer needs running statistics
BatchNorm<float, Eval> norm(3);  // here
