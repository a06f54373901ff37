#include "misuse.hpp"

// error: batchnorm: unknown policy: expected an axis
BatchNorm<float, Train, std::string> norm(3);  // here
