// A trained network with each BatchNorm folded into the convolution or linear map before it: equal
// to a few units in the last place, and with three layers less to compute.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "cnn.hpp"

namespace {

using namespace example;
using batchnorm::ChannelsLast, batchnorm::Eval;

/// Takes `norm` into `map`, whose weights are (inputs, outputs): the outputs are on the last axis.
/// What is left of the layer is its activation.
template <typename Norm>
nn::Linear<float> folded(const Norm& norm, nn::Linear<float> map) {
  const batchnorm::BatchNorm<float, Eval> affine(norm.state(), norm.options());
  const auto [weight, bias] = batchnorm::fold<ChannelsLast>(affine, map.weights(), map.bias());
  map.weights() = weight;
  map.bias() = bias;
  return map;
}

/// The network without its BatchNorm layers.
class FoldedCnn {
 public:
  explicit FoldedCnn(const Cnn<Eval>& network)
      : conv1_(network.conv1),
        conv2_(network.conv2),
        hidden_(folded(network.norm3, network.hidden)),
        output_(network.output) {
    conv1_.product() = folded(network.norm1, network.conv1.product());
    conv2_.product() = folded(network.norm2, network.conv2.product());
  }

  Matrix forward(const nn::Device& device, const Matrix& x) const {
    using L = Layout<batchnorm::ChannelsFirst>;
    const Images images = L::from_rows(x.reshaped<Eigen::RowMajor>(64 * x.rows(), 1), 8, 8);
    const Images a1 = conv1_.forward(device, images).cwiseMax(0.0F);
    const Images a2 = conv2_.forward(device, a1).cwiseMax(0.0F);
    Matrix z3, logits;
    hidden_.forward(device, L::to_rows(a2).reshaped<Eigen::RowMajor>(x.rows(), 256), z3);
    output_.forward(device, z3.cwiseMax(0.0F), logits);
    return logits;
  }

 private:
  Convolution<batchnorm::ChannelsFirst> conv1_, conv2_;
  nn::Linear<float> hidden_, output_;
};

/// The shortest of some runs, in milliseconds.
template <typename Network>
double milliseconds(const nn::Device& device, const Network& network, const Matrix& x) {
  using Clock = std::chrono::steady_clock;
  double shortest = 1e9;
  for (int run = 0; run < 50; ++run) {
    const auto start = Clock::now();
    network.forward(device, x);
    shortest =
        std::min(shortest, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return shortest;
}

}  // namespace

int main() {
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  const mlp::Dataset digits = load_digits();

  Cnn<Train> network(nn::Bias::learned, nn::Random(1, 0));
  for (auto* map : {&network.conv1.product(), &network.conv2.product(), &network.hidden})
    map->bias().setLinSpaced(-0.5F, 0.5F);  // as from elsewhere, where biases do not start at 0
  train(device, network, digits.train, {.epochs = 15, .learning_rate = 0.1});

  const Cnn<Eval> deployed(network);
  const FoldedCnn folded(deployed);
  const Matrix& x = digits.test.images;
  const Matrix expected = deployed.forward(device, x), logits = folded.forward(device, x);
  const float largest = expected.cwiseAbs().maxCoeff();
  const float difference = (logits - expected).cwiseAbs().maxCoeff();
  const float unit = std::ldexp(1.0F, std::ilogb(largest) - 23);  // of its last place
  const double units = static_cast<double>(difference / unit);

  std::printf("                 test accuracy   %td images\n", x.rows());
  std::printf("with BatchNorm   %.1f %%          %.2f ms\n",
              accuracy(device, deployed, digits.test), milliseconds(device, deployed, x));
  std::printf("folded           %.1f %%          %.2f ms\n", accuracy(device, folded, digits.test),
              milliseconds(device, folded, x));
  std::printf("\nlargest logit %.4g, largest difference %.2g: %.1f units in its last place\n",
              static_cast<double>(largest), static_cast<double>(difference), units);
  return units < 8 ? 0 : 1;
}
