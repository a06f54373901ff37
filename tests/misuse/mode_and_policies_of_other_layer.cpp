#include "misuse.hpp"

const BatchNorm<float, Train, ReLU> trained(3);
// error: batchnorm: these layers differ in more than their mode
const BatchNorm<float, Eval> norm(trained);  // here
