#include "ours.hpp"

#include <type_traits>
#include <variant>
#include <vector>

#include "nn/cross_entropy.hpp"
#include "nn/sgd.hpp"
#include "stopwatch.hpp"

namespace benchmarks {
namespace {

using Norm = batchnorm::BatchNorm<float, batchnorm::Train>;

class Ours : public Trainer {
 public:
  Ours(const Network& start, const Training& training)
      : network_(start),
        optimizer_({.learning_rate = training.learning_rate, .momentum = training.momentum}) {}

  double step(const Batch& batch) override {
    network_.forward(device_, batch.images, outputs_);
    gradients_.resize(outputs_.size());
    const nn::Score score = nn::cross_entropy(outputs_.back(), batch.labels, gradients_.back());
    network_.backward(device_, batch.images, outputs_, gradients_);
    optimizer_.step(network_);
    return score.mean_loss();
  }

  double norm_seconds(const Batch& batch) override {
    Stopwatch watch;
    std::vector<Network::Layer> layers = network_.layers();
    std::vector<Matrix> outputs(layers.size());
    std::vector<Matrix> gradients(layers.size());
    for (int pass = 0; pass < 2; ++pass) {  // the first one allocates
      watch = {};
      forward(layers, batch.images, outputs, watch);
      nn::cross_entropy(outputs.back(), batch.labels, gradients.back());
      backward(layers, batch.images, outputs, gradients, watch);
    }
    return watch.seconds();
  }

 private:
  template <typename Layer>
  static constexpr bool is_norm = std::is_same_v<Layer, Norm>;

  template <typename Layer, typename Work>
  static void clocked(const Layer&, Stopwatch& watch, const Work& work) {
    if constexpr (is_norm<Layer>) watch.start();
    work();
    if constexpr (is_norm<Layer>) watch.stop();
  }

  void forward(std::vector<Network::Layer>& layers, const Matrix& x, std::vector<Matrix>& outputs,
               Stopwatch& watch) const {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Matrix& input = i == 0 ? x : outputs[i - 1];
      const auto run = [&](auto& layer) {
        clocked(layer, watch, [&] { layer.forward(device_, input, outputs[i]); });
      };
      std::visit(run, layers[i]);
    }
  }

  void backward(std::vector<Network::Layer>& layers, const Matrix& x,
                const std::vector<Matrix>& outputs, std::vector<Matrix>& gradients,
                Stopwatch& watch) const {
    for (std::size_t i = layers.size() - 1; i > 0; --i) {
      const auto run = [&](auto& layer) {
        clocked(layer, watch,
                [&] { layer.backward(device_, outputs[i - 1], gradients[i], gradients[i - 1]); });
      };
      std::visit(run, layers[i]);
    }
    std::get<nn::Linear<float>>(layers.front()).backward(device_, x, gradients.front());
  }

  Eigen::ThreadPool pool_{1};
  nn::Device device_{&pool_, 1};
  Network network_;
  nn::Sgd<float> optimizer_;
  std::vector<Matrix> outputs_, gradients_;
};

}  // namespace

std::unique_ptr<Trainer> make_ours(const Network& start, const Training& training) {
  return std::make_unique<Ours>(start, training);
}

}  // namespace benchmarks
