#pragma once

#include <cstddef>
#include <vector>

#include "nn/matrix.hpp"

namespace nn {

/// Whether weight decay applies: to the weights of linear layers, but neither to biases nor to
/// gamma and beta.
enum class Decay { no, yes };

struct SgdOptions {
  double learning_rate = 0.1;
  double momentum = 0;      ///< weight of the velocity that was, in [0, 1)
  double weight_decay = 0;  ///< of the weights, added to their gradient
};

/// velocity = momentum * velocity + gradient + weight_decay * value;  value -= learning_rate *
/// velocity
template <typename Scalar>
class Sgd {
 public:
  explicit Sgd(const SgdOptions& options)
      : learning_rate_(static_cast<Scalar>(options.learning_rate)),
        momentum_(static_cast<Scalar>(options.momentum)),
        weight_decay_(static_cast<Scalar>(options.weight_decay)) {}

  /// One step of every parameter of the network, which must be the same network each time.
  template <typename Network>
  void step(Network& network) {
    std::size_t position = 0;
    network.for_each_parameter([&](auto value, const auto& gradient, Decay decay) {
      if (position == velocities_.size()) velocities_.emplace_back(Array::Zero(value.size()));
      update(value, gradient, velocities_[position++],
             decay == Decay::yes ? weight_decay_ : Scalar(0));
    });
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, 1>;

  template <typename Value, typename Gradient>
  void update(Value& value, const Gradient& gradient, Array& velocity, Scalar weight_decay) const {
    velocity = momentum_ * velocity + gradient + weight_decay * value;
    value -= learning_rate_ * velocity;
  }

  Scalar learning_rate_, momentum_, weight_decay_;
  std::vector<Array> velocities_;
};

}  // namespace nn
