#include "misuse.hpp"

// error: batchnorm: the channel axis of the layer is beyond the rank of the argument
void misuse(BatchNorm<float, Train, ChannelAxis<3>>& norm, const Eigen::MatrixXf& x) {
  norm.forward(x);  // here
}
