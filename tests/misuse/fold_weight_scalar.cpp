#include "misuse.hpp"

// error: batchnorm: the scalar of an argument is not the layer's
void misuse(const BatchNorm<float, Eval>& norm, const Eigen::MatrixXd& weight) {
  (void)fold<ChannelsLast>(norm, weight);  // here
}
