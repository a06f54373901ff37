#pragma once

#include <cstddef>
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

/// A network in training, with all that a step needs; with activations of float it allocates
/// nothing while batches keep their size.
template <typename Scalar>
class LearnerOf {
 public:
  using Network = Mlp<batchnorm::Train, Scalar>;

  LearnerOf(const nn::Device& device, Network network, const nn::SgdOptions& options)
      : device_(device), network_(std::move(network)), optimizer_(options) {}

  /// Assigns the gradients of all parameters and moves the running statistics, but no parameter.
  nn::Score differentiate(const nn::Samples<Scalar>& batch) {
    network_.forward(device_, batch.images, outputs_);
    gradients_.resize(outputs_.size());
    const nn::Score score = nn::cross_entropy(outputs_.back(), batch.labels, gradients_.back());
    network_.backward(device_, batch.images, outputs_, gradients_);
    return score;
  }

  nn::Score step(const nn::Samples<Scalar>& batch) {
    const nn::Score score = differentiate(batch);
    optimizer_.step(network_);
    return score;
  }

  void set_renormalization(const batchnorm::Renormalization& limits) {
    network_.set_renormalization(limits);
  }

  const Network& network() const { return network_; }

  /// What the outputs of all layers take, which the backward pass needs: those of the last batch.
  std::size_t activation_bytes() const {
    std::size_t values = 0;
    for (const auto& output : outputs_) values += static_cast<std::size_t>(output.size());
    return values * sizeof(Scalar);
  }

 private:
  const nn::Device& device_;
  Network network_;
  nn::Sgd<batchnorm::ArithmeticOf<Scalar>> optimizer_;
  std::vector<nn::Matrix<Scalar>> outputs_, gradients_;
};

/// What the report trains.
using Learner = LearnerOf<float>;

/// How a network does on samples; `Scalar` is float or Eigen::bfloat16.
template <typename Scalar>
nn::Score evaluate(const Mlp<batchnorm::Eval, Scalar>& network, const nn::Samples<float>& samples,
                   const nn::Device& device);

}  // namespace mlp
