#include <array>
#include <batchnorm/batchnorm.hpp>

#ifdef FOUND_VERSION
// What the package says of itself, with commas, is what the header says.
static_assert(std::array{FOUND_VERSION} == std::array{BATCHNORM_VERSION_MAJOR,
                                                      BATCHNORM_VERSION_MINOR,
                                                      BATCHNORM_VERSION_PATCH});
#endif

namespace {

/// The phases of a step are the step.
bool phases_are_the_step(const Eigen::MatrixXf& x, const Eigen::MatrixXf& y,
                         const Eigen::MatrixXf& dx) {
  batchnorm::BatchNorm<float> norm(2);
  batchnorm::BatchNorm<float>::Saved saved;
  const batchnorm::Moments moments = norm.moments(x);
  const Eigen::MatrixXf phased = norm.forward(saved, x, moments);
  norm.observe(moments);
  const batchnorm::GradientSums sums = norm.gradient_sums(saved, x, x);
  norm.learn(saved, sums);
  return phased == y && norm.backward(saved, x, x, sums) == dx;
}

}  // namespace

// Training moves the output's mean to beta, which is 0.
int main() {
  batchnorm::BatchNorm<float> norm(2);
  Eigen::MatrixXf x(4, 2);
  x << 1.0F, 5.0F, 2.0F, 6.0F, 3.0F, 7.0F, 4.0F, 8.0F;
  const Eigen::MatrixXf y = norm.forward(x), dx = norm.backward(x, x);
  const bool centred = y.colwise().mean().cwiseAbs().maxCoeff() < 1e-6F;
  return centred && phases_are_the_step(x, y, dx) ? 0 : 1;
}
