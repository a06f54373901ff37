#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/matrix.hpp"

namespace benchmarks {

using Matrix = nn::Matrix<float>;

/// The samples of a step. They are only read, but libtorch asks for a mutable pointer to them.
struct Batch {
  Matrix& images;
  const nn::Labels& labels;
};

/// What a linear layer starts from: weights (inputs, outputs), and a bias of zeros or none.
struct Linear {
  Matrix weights;
  bool bias;
};

/// Stochastic gradient descent with momentum on the mean cross-entropy.
struct Training {
  double learning_rate = 0.05;
  double momentum = 0.9;
};

/// Somebody's copy of the network, in training.
class Trainer {
 public:
  Trainer() = default;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  virtual ~Trainer() = default;

  /// Forward, backward, update. Returns the mean loss of the batch.
  virtual double step(const Batch& batch) = 0;

  /// Seconds that the BatchNorm layers take within one pass forward and backward, without update.
  virtual double norm_seconds(const Batch& batch) = 0;
};

/// libtorch as its users write it: modules, autograd and torch::optim::SGD. BatchNorm and ReLU
/// follow every one of the linear layers but the last.
std::unique_ptr<Trainer> make_libtorch(const std::vector<Linear>& linears,
                                       const Training& training);

std::string libtorch_version();

/// The path of the library for matrix products that libtorch runs on, and its version where it is
/// OpenBLAS. Gives it one thread.
std::string use_blas_on_one_thread();

}  // namespace benchmarks
