#include "misuse.hpp"

// error: batchnorm: a bare number is ambiguous as momentum
const Options options{.momentum = 0.1};  // here
