#include "misuse.hpp"

// error: batchnorm: a group merges the moments of its members itself
struct Alone {
  static void merge(batchnorm::Moments& /*moments*/) {}
  static void merge(batchnorm::GradientSums& /*sums*/) {}
  static void leave() noexcept {}
};

void misuse(BatchNorm<float>& norm, Alone& group, const Eigen::MatrixXf& x,
            const batchnorm::Moments& moments) {
  norm.forward(group, x, moments);  // here
}
