#include <array>
#include <batchnorm/batchnorm.hpp>

#ifdef FOUND_VERSION
// What the package says of itself, with commas, is what the header says.
static_assert(std::array{FOUND_VERSION} == std::array{BATCHNORM_VERSION_MAJOR,
                                                      BATCHNORM_VERSION_MINOR,
                                                      BATCHNORM_VERSION_PATCH});
#endif

// Training moves the output's mean to beta, which is 0.
int main() {
  batchnorm::BatchNorm<float> norm(2);
  Eigen::MatrixXf x(4, 2);
  x << 1.0F, 5.0F, 2.0F, 6.0F, 3.0F, 7.0F, 4.0F, 8.0F;
  const Eigen::MatrixXf y = norm.forward(x);
  return y.colwise().mean().cwiseAbs().maxCoeff() < 1e-6F ? 0 : 1;
}
