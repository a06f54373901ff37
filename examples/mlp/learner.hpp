#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "network.hpp"
#include "nn/batches.hpp"
#include "nn/cross_entropy.hpp"
#include "nn/sgd.hpp"

namespace mlp {

// The streams of random numbers that belong to one seed.
inline constexpr std::uint64_t kWeightStream = 0;
inline constexpr std::uint64_t kBatchStream = 1;

/// A network in training, with all that a step needs; allocates nothing while batches keep their
/// size.
class Learner {
 public:
  Learner(const nn::Device& device, Mlp<batchnorm::Train> network, const nn::SgdOptions& options)
      : device_(device), network_(std::move(network)), optimizer_(options) {}

  /// Assigns the gradients of all parameters and moves the running statistics, but no parameter.
  nn::Score differentiate(const nn::Samples<float>& batch) {
    network_.forward(device_, batch.images, outputs_);
    gradients_.resize(outputs_.size());
    const nn::Score score = nn::cross_entropy(outputs_.back(), batch.labels, gradients_.back());
    network_.backward(device_, batch.images, outputs_, gradients_);
    return score;
  }

  nn::Score step(const nn::Samples<float>& batch) {
    const nn::Score score = differentiate(batch);
    optimizer_.step(network_);
    return score;
  }

  void set_renormalization(const batchnorm::Renormalization& limits) {
    network_.set_renormalization(limits);
  }

  const Mlp<batchnorm::Train>& network() const { return network_; }

 private:
  const nn::Device& device_;
  Mlp<batchnorm::Train> network_;
  nn::Sgd<float> optimizer_;
  std::vector<nn::Matrix<float>> outputs_, gradients_;
};

/// How a network does on samples.
nn::Score evaluate(const Mlp<batchnorm::Eval>& network, const nn::Samples<float>& samples,
                   const nn::Device& device);

}  // namespace mlp
