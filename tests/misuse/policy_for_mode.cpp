#include "misuse.hpp"

// error: batchnorm: the second parameter of a layer is its mode, Train, Frozen or Eval
BatchNorm<float, ReLU> norm(3);  // here
