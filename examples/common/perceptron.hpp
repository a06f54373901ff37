// A network of one hidden layer, normalised.
#pragma once

#include "learning.hpp"

namespace example {

/// 64 -> width -> BatchNorm -> ReLU -> outputs
template <typename Mode>
struct Perceptron {
  using Norm = batchnorm::BatchNorm<float, Mode, batchnorm::ReLU>;

  nn::Linear<float> hidden, output;
  Norm norm;

  Perceptron(Index width, Index outputs, nn::Bias bias, nn::Random random)
      : hidden(64, width, nn::Bias::none), output(width, outputs, bias), norm(width) {
    hidden.initialize(nn::he_variance(64), random);
    output.initialize(nn::glorot_variance(width, outputs), random);
  }

  template <typename Other>
  explicit Perceptron(const Perceptron<Other>& other)
      : hidden(other.hidden), output(other.output), norm(other.norm) {}

  Matrix forward(const nn::Device& device, const Matrix& x) const {
    Matrix z, result;
    hidden.forward(device, x, z);
    output.forward(device, norm.forward(device, z), result);
    return result;
  }

  bool operator==(const Perceptron& other) const {
    return hidden.weights() == other.hidden.weights() && norm == other.norm &&
           output.weights() == other.output.weights() && output.bias() == other.output.bias();
  }
};

}  // namespace example
