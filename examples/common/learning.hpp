// What the examples share: the digits, training by SGD, and the share of right answers.
//
// A network has `forward(device, x)`, which returns logits (samples, classes), as a `const`
// function too if it is to be evaluated; and, to be trained, `backward(device, x, dlogits)` and
// `for_each_parameter(f)`.
#pragma once

#include <batchnorm/batchnorm.hpp>

#include "dataset.hpp"
#include "nn/batches.hpp"
#include "nn/cross_entropy.hpp"
#include "nn/linear.hpp"
#include "nn/parameters.hpp"
#include "nn/sgd.hpp"

namespace example {

using nn::Index;
using Matrix = nn::Matrix<float>;
using Samples = nn::Samples<float>;

/// The digits of examples/data: 1,297 images to train with and 500 to test with, of 8x8 pixels.
inline mlp::Dataset load_digits() { return mlp::load_dataset(EXAMPLE_DIGITS); }

struct Training {
  int epochs = 20;
  double learning_rate = 0.1;
  Index batch = 60;
};

/// Plain SGD; the batches are the same in every call.
template <typename Network>
void train(const nn::Device& device, Network& network, const Samples& samples,
           const Training& training) {
  nn::Batches batches(samples.labels.size(), training.batch, nn::Random(1, 1));
  nn::Sgd<float> sgd({.learning_rate = training.learning_rate});
  Samples batch;
  Matrix dlogits;
  for (int epoch = 0; epoch < training.epochs; ++epoch) {
    batches.shuffle();
    for (Index i = 0; i < batches.count(); ++i) {
      batches.copy(i, samples, batch);
      nn::cross_entropy(network.forward(device, batch.images), batch.labels, dlogits);
      network.backward(device, batch.images, dlogits);
      sgd.step(network);
    }
  }
}

/// The share of right answers, in percent.
template <typename Network>
double accuracy(const nn::Device& device, const Network& network, const Samples& samples) {
  Matrix dlogits;
  const Matrix logits = network.forward(device, samples.images);
  return 100 * nn::cross_entropy(logits, samples.labels, dlogits).accuracy();
}

}  // namespace example
