#include "misuse.hpp"

// error: batchnorm: a layer of another type is made by BatchNorm<float, Eval> eval(train)
void misuse(const BatchNorm<double>& trained) {
  BatchNorm<float, Eval> norm = trained;  // here
}
