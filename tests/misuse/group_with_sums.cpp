#include "misuse.hpp"

// error: batchnorm: a group merges the gradient sums of its members itself
struct Alone {
  static void merge(batchnorm::Moments& /*moments*/) {}
  static void merge(batchnorm::GradientSums& /*sums*/) {}
  static void leave() noexcept {}
};

void misuse(BatchNorm<float>& norm, Alone& group, const Eigen::MatrixXf& x,
            const Eigen::MatrixXf& dy, const batchnorm::GradientSums& sums) {
  norm.backward(group, x, dy, sums);  // here
}
