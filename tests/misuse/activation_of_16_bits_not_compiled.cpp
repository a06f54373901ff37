// A unit that links batchnorm::compiled says so.
#define BATCHNORM_COMPILED

#include <batchnorm/batchnorm.hpp>

using Values = Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic>;

// error: batchnorm: the library batchnorm::compiled has no kernels for this activation
void use(const batchnorm::BatchNorm<Eigen::half, batchnorm::Eval, batchnorm::SiLU>& norm,
         const Values& x) {
  norm.forward(x);  // here
}
