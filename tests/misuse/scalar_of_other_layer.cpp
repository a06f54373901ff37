#include "misuse.hpp"

const BatchNorm<float> trained(3);
// error: batchnorm: these layers differ in their parameters
const BatchNorm<double, Eval> norm(trained);  // here
