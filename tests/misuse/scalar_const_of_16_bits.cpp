#include "misuse.hpp"

// error: batchnorm: the first parameter of a layer is its scalar, float, double
void misuse() {
  BatchNorm<const Eigen::half> norm(3);  // here
}
