#include <ATen/Parallel.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/relu.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/sgd.h>
#include <torch/version.h>

#include <vector>

#include "stopwatch.hpp"
#include "trainer.hpp"

namespace benchmarks {
namespace {

using at::Tensor;

class Model : public torch::nn::Module {
 public:
  explicit Model(const std::vector<Linear>& linears) {
    for (const Linear& linear : linears) append(linear);
    for (std::size_t i = 0; i + 1 < linears_.size(); ++i) {
      const auto channels = linears_[i]->weight.size(0);
      norms_.push_back(
          register_module("norm" + std::to_string(i), torch::nn::BatchNorm1d(channels)));
    }
  }

  Tensor forward(Tensor x, Stopwatch* watch = nullptr) {
    for (std::size_t i = 0; i < norms_.size(); ++i) {
      const Tensor hidden = linears_[i]->forward(x);
      x = at::relu(watch == nullptr ? norms_[i]->forward(hidden)
                                    : clocked(norms_[i], hidden, *watch));
    }
    return linears_.back()->forward(x);
  }

 private:
  void append(const Linear& linear) {
    const Matrix& weights = linear.weights;
    const auto options = torch::nn::LinearOptions(weights.rows(), weights.cols()).bias(linear.bias);
    auto module =
        register_module("linear" + std::to_string(linears_.size()), torch::nn::Linear(options));
    const torch::NoGradGuard no_gradient;
    Matrix transposed = weights.transpose();  // libtorch holds (outputs, inputs)
    module->weight.copy_(
        at::from_blob(transposed.data(), {weights.cols(), weights.rows()}, at::kFloat));
    if (linear.bias) module->bias.zero_();
    linears_.push_back(module);
  }

  /// Backward starts when the gradient of y is there, and has ended when that of x is.
  static Tensor clocked(torch::nn::BatchNorm1d& norm, const Tensor& x, Stopwatch& watch) {
    watch.start();
    Tensor y = norm->forward(x);
    watch.stop();
    y.register_hook([&watch](const Tensor&) { watch.start(); });
    x.register_hook([&watch](const Tensor&) { watch.stop(); });
    return y;
  }

  std::vector<torch::nn::Linear> linears_;
  std::vector<torch::nn::BatchNorm1d> norms_;
};

class LibTorch : public Trainer {
 public:
  LibTorch(const std::vector<Linear>& linears, const Training& training)
      : model_(linears),
        optimizer_(model_.parameters(),
                   torch::optim::SGDOptions(training.learning_rate).momentum(training.momentum)) {
    at::set_num_threads(1);
  }

  double step(const Batch& batch) override {
    optimizer_.zero_grad();
    const Tensor loss = at::cross_entropy_loss(model_.forward(images(batch)), labels(batch));
    loss.backward();
    optimizer_.step();
    return loss.item<double>();
  }

  double norm_seconds(const Batch& batch) override {
    Stopwatch watch;
    optimizer_.zero_grad();
    at::cross_entropy_loss(model_.forward(images(batch), &watch), labels(batch)).backward();
    return watch.seconds();
  }

 private:
  static Tensor images(const Batch& batch) {
    return at::from_blob(batch.images.data(), {batch.images.rows(), batch.images.cols()},
                         at::kFloat);
  }

  Tensor labels(const Batch& batch) {
    labels_ = batch.labels.cast<std::int64_t>();
    return at::from_blob(labels_.data(), {labels_.size()}, at::kLong);
  }

  Model model_;
  torch::optim::SGD optimizer_;
  Eigen::Vector<std::int64_t, Eigen::Dynamic> labels_;
};

}  // namespace

std::unique_ptr<Trainer> make_libtorch(const std::vector<Linear>& linears,
                                       const Training& training) {
  return std::make_unique<LibTorch>(linears, training);
}

std::string libtorch_version() { return "libtorch " TORCH_VERSION; }

}  // namespace benchmarks
