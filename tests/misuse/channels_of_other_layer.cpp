#include "misuse.hpp"

// error: batchnorm: these layers differ in more than their mode
void misuse(const BatchNorm<float, Train, Channels<3>>& norm) {
  BatchNorm<float, Eval, Channels<4>> deployed(norm);  // here
}
