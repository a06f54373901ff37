#include "misuse.hpp"

// error: batchnorm: two policies of one kind: give each
BatchNorm2d<float, Train, Rank<5>> norm(3);  // here
