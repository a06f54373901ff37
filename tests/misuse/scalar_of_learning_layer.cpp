#include "misuse.hpp"

const BatchNorm<double> trained(3);
// error: batchnorm: these layers differ in their parameters
const BatchNorm<float, Frozen> norm(trained);  // here
