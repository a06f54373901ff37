#include "misuse.hpp"

// error: batchnorm: two policies of one kind: give each
BatchNorm<float, Train, Channels<3>, Channels<4>> norm;  // here
