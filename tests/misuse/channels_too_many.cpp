#include "misuse.hpp"

// error: batchnorm: a layer of Channels<N> keeps all of its memory within itself
BatchNorm<float, Train, Channels<2000>> norm;  // here
