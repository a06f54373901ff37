#include "misuse.hpp"

// error: batchnorm: the running statistics of a Frozen layer stay
void misuse(BatchNorm<float, Frozen>& norm, const batchnorm::Moments& moments) {
  norm.observe(moments);  // here
}
