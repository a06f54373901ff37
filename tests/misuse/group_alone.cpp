#include "misuse.hpp"

// error: batchnorm: x is missing behind the group
struct Alone {
  static void merge(batchnorm::Moments& /*moments*/) {}
  static void merge(batchnorm::GradientSums& /*sums*/) {}
  static void leave() noexcept {}
};

void misuse(BatchNorm<float>& norm, Alone& group) {
  norm.forward(group);  // here
}
