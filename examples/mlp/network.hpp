// The network that is trained: a multilayer perceptron, as a template over the mode of its
// BatchNorm layers.
#pragma once

#include <batchnorm/batchnorm.hpp>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "architecture.hpp"
#include "nn/activation.hpp"
#include "nn/dropout.hpp"
#include "nn/ghost_norm.hpp"
#include "nn/linear.hpp"
#include "nn/parameters.hpp"

namespace mlp {

using nn::Index;

struct Architecture {
  Index inputs = 0;
  std::vector<Index> hidden;  ///< widths of the hidden layers
  Index classes = 0;
  Activation activation = Activation::sigmoid;
  Placement placement = Placement::before_activation;
  batchnorm::Options norm;
  Index ghost = 0;     ///< rows that BatchNorm normalises together in training; 0: all of a batch
  double dropout = 0;  ///< probability that an output of a hidden layer is dropped in training
  std::uint64_t dropout_seed = 0;
};

/// How many weights the linear layers have together; a double, which no architecture overflows.
inline double count_weights(const Architecture& architecture) {
  double weights = 0;
  auto width = static_cast<double>(architecture.inputs);
  for (const Index next : architecture.hidden) {
    weights += width * static_cast<double>(next);
    width = static_cast<double>(next);
  }
  return weights + width * static_cast<double>(architecture.classes);
}

/// A list of layers. All speak as BatchNorm does, `forward(device, x, y)` and `backward(device, x,
/// dy, dx)`, and keep no activations: those are the caller's, in `Scalar`; with one of 16 bits all
/// that is learnt is still float. `Mlp<Train>` learns; `Mlp<Eval>`, made from it, is constant. A
/// network that is made from another has what that has learnt, but neither dropout nor ghost
/// batches.
template <typename Mode, typename Scalar = float>
class Mlp {
 public:
  using Matrix = nn::Matrix<Scalar>;
  using Norm = batchnorm::BatchNorm<Scalar, Mode>;
  using Layer = std::conditional_t<std::is_same_v<Mode, batchnorm::Train>,
                                   std::variant<nn::Linear<Scalar>, nn::Relu, nn::Sigmoid, Norm,
                                                nn::GhostNorm<Scalar>, nn::Dropout<Scalar>>,
                                   std::variant<nn::Linear<Scalar>, nn::Relu, nn::Sigmoid, Norm>>;

  /// The weights depend on the widths and the random numbers, not on where BatchNorm stands.
  Mlp(const Architecture& architecture, nn::Random random) {
    Index width = architecture.inputs;
    for (const Index outputs : architecture.hidden) {
      append_hidden(architecture, width, outputs, random);
      width = outputs;
    }
    append_linear(width, architecture.classes, nn::Bias::learned,
                  nn::glorot_variance(width, architecture.classes), random);
  }

  template <typename Other, typename OtherScalar>
  explicit Mlp(const Mlp<Other, OtherScalar>& other) {
    layers_.reserve(other.layers_.size());
    for (const auto& layer : other.layers_) {
      std::visit([this](const auto& part) { this->append_converted(part); }, layer);
    }
  }

  /// Assigns the output of every layer; the last ones are the logits (samples, classes).
  void forward(const nn::Device& device, const Matrix& x, std::vector<Matrix>& outputs) {
    propagate(layers_, device, x, outputs);
  }
  void forward(const nn::Device& device, const Matrix& x, std::vector<Matrix>& outputs) const {
    propagate(layers_, device, x, outputs);
  }

  /// Follows `forward` with the same x. `gradients` are those of the loss with respect to
  /// `outputs`: the last is given, the others are assigned, and so are the gradients of all
  /// parameters.
  void backward(const nn::Device& device, const Matrix& x, const std::vector<Matrix>& outputs,
                std::vector<Matrix>& gradients) {
    for (std::size_t i = layers_.size() - 1; i > 0; --i) {
      const auto back = [&](auto& layer) {
        layer.backward(device, outputs[i - 1], gradients[i], gradients[i - 1]);
      };
      std::visit(back, layers_[i]);
    }
    std::get<nn::Linear<Scalar>>(layers_.front()).backward(device, x, gradients.front());
  }

  /// Calls `f(value, gradient, nn::Decay)`, both as one-dimensional maps, for every parameter in a
  /// fixed order.
  template <typename F>
  void for_each_parameter(const F& f) {
    for (Layer& layer : layers_) {
      std::visit([&](auto& part) { nn::visit_parameters(part, f); }, layer);
    }
  }

  /// Of every BatchNorm.
  void set_renormalization(const batchnorm::Renormalization& limits) {
    const auto set = [&](auto& layer) {
      if constexpr (requires { layer.set_renormalization(limits); })
        layer.set_renormalization(limits);
    };
    for (Layer& layer : layers_) std::visit(set, layer);
  }

  const std::vector<Layer>& layers() const { return layers_; }
  std::vector<Layer>& layers() { return layers_; }

 private:
  template <typename, typename>
  friend class Mlp;

  void append_hidden(const Architecture& architecture, Index inputs, Index outputs,
                     nn::Random& random) {
    const bool norm_first = architecture.placement == Placement::before_activation;
    const bool relu = architecture.activation == Activation::relu;
    append_linear(inputs, outputs, norm_first ? nn::Bias::none : nn::Bias::learned,
                  relu ? nn::he_variance(inputs) : nn::glorot_variance(inputs, outputs), random);
    if (norm_first) append_norm(architecture, outputs);
    if (relu) layers_.emplace_back(nn::Relu());
    if (!relu) layers_.emplace_back(nn::Sigmoid());
    if (architecture.placement == Placement::after_activation) append_norm(architecture, outputs);
    if (architecture.dropout > 0) {
      layers_.emplace_back(nn::Dropout<Scalar>(
          architecture.dropout, nn::Random(architecture.dropout_seed, layers_.size())));
    }
  }

  void append_norm(const Architecture& architecture, Index channels) {
    Norm norm(channels, architecture.norm);
    if (architecture.ghost == 0) {
      layers_.emplace_back(std::move(norm));
    } else {
      layers_.emplace_back(nn::GhostNorm<Scalar>(std::move(norm), architecture.ghost));
    }
  }

  void append_linear(Index inputs, Index outputs, nn::Bias bias, double variance,
                     nn::Random& random) {
    nn::Linear<Scalar> linear(inputs, outputs, bias);
    linear.initialize(variance, random);
    layers_.emplace_back(std::move(linear));
  }

  template <typename Part>
  void append_converted(const Part& part) {
    layers_.emplace_back(part);
  }
  template <typename Other>
  void append_converted(const nn::Linear<Other>& linear) {
    layers_.emplace_back(nn::Linear<Scalar>(linear));
  }
  template <typename Other>
  void append_converted(const nn::Dropout<Other>&) {}
  template <typename Other>
  void append_converted(const nn::GhostNorm<Other>& ghost) {
    layers_.emplace_back(Norm(ghost.norm()));
  }
  template <typename OtherScalar, typename Other>
  void append_converted(const batchnorm::BatchNorm<OtherScalar, Other>& norm) {
    layers_.emplace_back(Norm(norm));
  }

  template <typename Layers>
  static void propagate(Layers& layers, const nn::Device& device, const Matrix& x,
                        std::vector<Matrix>& outputs) {
    outputs.resize(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Matrix& input = i == 0 ? x : outputs[i - 1];
      std::visit([&](auto& layer) { layer.forward(device, input, outputs[i]); }, layers[i]);
    }
  }

  std::vector<Layer> layers_;
};

}  // namespace mlp
