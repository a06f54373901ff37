#include "misuse.hpp"

// error: batchnorm: fold takes the bias as an Eigen vector, one value per output
void misuse(const BatchNorm<float, Eval>& norm, const Eigen::MatrixXf& weight,
            const Eigen::MatrixXf& bias) {
  (void)fold(norm, weight, bias);  // here
}
