#include "misuse.hpp"

const BatchNorm<double> trained(3);
// error: batchnorm: these layers differ in their scalar
const BatchNorm<float, Frozen> norm(trained);  // here
