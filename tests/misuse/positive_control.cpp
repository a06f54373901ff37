#include "misuse.hpp"

// The right use beside each misuse: it compiles with the command that refuses the others.

void right(BatchNorm<float>& norm, const Eigen::MatrixXf& w, const Eigen::MatrixXf& x) {
  const Eigen::MatrixXf product = w * x;
  Eigen::MatrixXf y = norm.forward(product);
  norm.forward(product, y);
  norm.backward(product, y, accumulate);
  norm.gamma() = norm.gamma_gradient();
  norm.set_state(norm.state());
}

void right(BatchNorm2d<float, Train, ReLU, ChannelsLast, ScaleOnly>& norm, const Tensor4& x,
           const Tensor4& r, Tensor4& y) {
  norm.forward(x, residual(r), y);
  norm.gamma() *= 2.0F;
}

void right(const BatchNorm<float, Eval, ChannelAxis<0>>& norm, const Tensor4& x, Tensor4& dx) {
  norm.backward(x, norm.forward(x), dx);
}

void right(const BatchNorm<float, Eval>& norm, const Tensor4& weight, const Eigen::VectorXf& bias) {
  (void)fold<ChannelAxis<1>>(norm, weight, bias, groups<ChannelAxis<0>>(2));
  (void)fold_into_next<ChannelsLast>(norm, weight, groups<ChannelAxis<2>>(2));
}

void right(BatchNorm<float>& train, BatchNorm<float, Eval>& eval, const Eigen::VectorXd& mean) {
  eval = BatchNorm<float, Eval>(train);
  State<float> state = train.state();
  state.running_mean = mean;
  train.set_state(state);
}

const Options options{.momentum = new_weight(0.1)};
const BatchNorm<float> trained(3, options);
const BatchNorm<float, Frozen> frozen(trained);
const BatchNorm<float, Eval> deployed(frozen);
