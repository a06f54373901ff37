// A unit that links batchnorm::compiled says so.
#define BATCHNORM_COMPILED

#include <batchnorm/batchnorm.hpp>

// error: batchnorm: the library batchnorm::compiled has no kernels for this activation
struct Square {
  static constexpr bool gates = true;
  template <typename P>
  static P apply(const P& value) {
    return batchnorm::multiply(value, value);
  }
  template <typename P>
  static P gate(const P& value, const P& dy) {
    return batchnorm::multiply(batchnorm::constant<P>(2), batchnorm::multiply(value, dy));
  }
};

void use(const batchnorm::BatchNorm<float, batchnorm::Eval, Square>& norm,
         const Eigen::MatrixXf& x) {
  norm.forward(x);  // here
}
