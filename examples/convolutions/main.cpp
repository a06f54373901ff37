// A small CNN on the digits, conv -> BatchNorm2d -> ReLU, with images as (N, C, H, W) and as
// (N, H, W, C): the same network, up to rounding, whichever way the images lie in memory.

#include <cmath>
#include <cstdio>

#include "cnn.hpp"

namespace {

using namespace example;
using batchnorm::ChannelsFirst, batchnorm::ChannelsLast, batchnorm::Eval;

/// Both layouts start with the same weights and see the same batches.
template <typename Axis>
Cnn<Train, Axis> trained(const nn::Device& device, const Samples& samples) {
  Cnn<Train, Axis> network(nn::Bias::none, nn::Random(1, 0));
  train(device, network, samples, {.epochs = 15, .learning_rate = 0.1});
  return network;
}

/// The same weights and statistics for images of the other layout: a state has no layout.
template <typename To, typename From>
Cnn<Eval, To> relaid(const Cnn<Train, From>& network) {
  Cnn<Train, To> other(nn::Bias::none, nn::Random(1, 0));
  other.conv1.product() = network.conv1.product();
  other.conv2.product() = network.conv2.product();
  other.hidden = network.hidden;
  other.output = network.output;
  other.norm1.set_state(network.norm1.state());
  other.norm2.set_state(network.norm2.state());
  other.norm3.set_state(network.norm3.state());
  return Cnn<Eval, To>(other);
}

/// The largest difference of two networks' logits, in roundoffs (2^-24) of the largest logit.
template <typename A, typename B>
double difference(const nn::Device& device, A& a, B& b, const Matrix& x) {
  const Matrix of_a = a.forward(device, x), of_b = b.forward(device, x);
  return static_cast<double>((of_a - of_b).cwiseAbs().maxCoeff() / of_a.cwiseAbs().maxCoeff()) *
         0x1p24;
}

}  // namespace

int main() {
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  const mlp::Dataset digits = load_digits();

  Cnn<Train, ChannelsFirst> untrained_first(nn::Bias::none, nn::Random(1, 0));
  Cnn<Train, ChannelsLast> untrained_last(nn::Bias::none, nn::Random(1, 0));
  const double batch = difference(device, untrained_first, untrained_last, digits.test.images);

  const auto first = trained<ChannelsFirst>(device, digits.train);
  const auto last = trained<ChannelsLast>(device, digits.train);
  const Cnn<Eval, ChannelsFirst> deployed(first);
  const Cnn<Eval, ChannelsLast> deployed_last(last), relaid_first = relaid<ChannelsLast>(first);
  const double eval = difference(device, deployed, relaid_first, digits.test.images);
  const double both = difference(device, deployed, deployed_last, digits.test.images);

  const double of_first = accuracy(device, deployed, digits.test);
  const double of_last = accuracy(device, deployed_last, digits.test);
  std::printf(
      "1x8x8 -> conv 8 -> conv 16, stride 2 -> 32 -> 10; BatchNorm and ReLU behind each\n\n");
  std::printf("trained and tested as   test accuracy\n");
  std::printf("(N, C, H, W)            %.1f %%\n", of_first);
  std::printf("(N, H, W, C)            %.1f %%\n", of_last);
  std::printf("\nlargest difference of the logits, in roundoffs of the largest logit\n");
  std::printf("first batch, statistics of the batch    %.1f\n", batch);
  std::printf("one trained network in both layouts     %.1f\n", eval);
  std::printf("two networks, each trained in its own   %.1f\n", both);
  return batch < 16 && eval < 16 && std::abs(of_first - of_last) < 1 ? 0 : 1;
}
