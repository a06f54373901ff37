#include "misuse.hpp"

// error: batchnorm: fold takes the bias as an Eigen vector: map a tensor's values
void misuse(const BatchNorm<float, Eval>& norm, const Tensor4& weight,
            const Eigen::Tensor<float, 1>& bias) {
  (void)fold(norm, weight, bias);  // here
}
