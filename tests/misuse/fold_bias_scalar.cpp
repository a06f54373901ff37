#include "misuse.hpp"

// error: batchnorm: the scalar of the bias is not the layer's
void misuse(const BatchNorm<float, Eval>& norm, const Eigen::MatrixXf& weight,
            const Eigen::VectorXd& bias) {
  (void)fold(norm, weight, bias);  // here
}
