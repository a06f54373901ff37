#include "misuse.hpp"

// error: batchnorm: an Eval layer needs running statistics
BatchNorm<float, Eval, Channels<3>> norm;  // here
