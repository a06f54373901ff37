#pragma once

#include <memory>
#include <string>

#include "network.hpp"
#include "nn/batches.hpp"

namespace benchmarks {

using Network = mlp::Mlp<batchnorm::Train>;
using Samples = nn::Samples<float>;

/// Stochastic gradient descent with momentum on the mean cross-entropy.
struct Training {
  double learning_rate = 0.05;
  double momentum = 0.9;
};

/// Somebody's copy of the network, in training. Batches are only read, but libtorch asks for a
/// mutable pointer to them.
class Trainer {
 public:
  Trainer() = default;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  virtual ~Trainer() = default;

  /// Forward, backward, update. Returns the mean loss of the batch.
  virtual double step(Samples& batch) = 0;

  /// Seconds that the BatchNorm layers take within one pass forward and backward, without update.
  virtual double norm_seconds(Samples& batch) = 0;
};

std::unique_ptr<Trainer> make_ours(const Network& start, const Training& training);

/// libtorch as its users write it: modules, autograd and torch::optim::SGD.
std::unique_ptr<Trainer> make_libtorch(const Network& start, const Training& training);

std::string libtorch_version();

/// The path of the library for matrix products that libtorch runs on, and its version where it is
/// OpenBLAS. Gives it one thread.
std::string use_blas_on_one_thread();

}  // namespace benchmarks
