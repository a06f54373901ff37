#pragma once

#include <cmath>

#include "nn/matrix.hpp"
#include "nn/product.hpp"
#include "nn/random.hpp"

namespace nn {

enum class Bias { none, learned };

/// y = x W + b. W is (inputs, outputs). Before a BatchNorm, which subtracts the mean, b would do
/// nothing: Bias::none. Where x and y have 16 bits, W, b and their gradients are float.
template <typename Scalar>
class Linear {
 public:
  using Parameter = ArithmeticOf<Scalar>;

  Linear(Index inputs, Index outputs, Bias bias)
      : weights_(Matrix<Parameter>::Zero(inputs, outputs)),
        weights_gradient_(Matrix<Parameter>::Zero(inputs, outputs)),
        bias_(RowVector<Parameter>::Zero(bias == Bias::learned ? outputs : 0)),
        bias_gradient_(bias_) {}

  /// The same weights and bias for activations of another size.
  template <typename Other>
  explicit Linear(const Linear<Other>& other)
      : Linear(other.weights().rows(), other.weights().cols(),
               other.bias().size() > 0 ? Bias::learned : Bias::none) {
    weights_ = other.weights();
    bias_ = other.bias();
  }

  /// Draws the weights uniformly with mean 0 and the given variance; the bias stays 0.
  void initialize(double variance, Random& random) {
    const double bound = std::sqrt(3 * variance);
    for (Parameter& weight : weights_.template reshaped<Eigen::RowMajor>()) {
      weight = static_cast<Parameter>(bound * (2 * random.uniform() - 1));
    }
  }

  void forward(const Device& device, const Matrix<Scalar>& x, Matrix<Scalar>& y) const {
    if (bias_.size() == 0) {
      product(device, x, weights_, y);
    } else if constexpr (batchnorm::has_16_bits<Scalar>) {
      Matrix<Parameter> sums;
      product(device, x, weights_, sums);
      y = (sums.rowwise() + bias_).template cast<Scalar>();
    } else {
      product(device, x, weights_, y);
      y.rowwise() += bias_;
    }
  }

  /// Assigns the gradients of W and b.
  void backward(const Device& device, const Matrix<Scalar>& x, const Matrix<Scalar>& dy) {
    product(device, x.transpose(), dy, weights_gradient_);
    if (bias_.size() == 0) return;
    bias_gradient_.setZero();
    for (Index sample = 0; sample < dy.rows(); ++sample) {
      bias_gradient_ += dy.row(sample).template cast<Parameter>();
    }
  }

  /// The same, and dx = dy W^T.
  void backward(const Device& device, const Matrix<Scalar>& x, const Matrix<Scalar>& dy,
                Matrix<Scalar>& dx) {
    backward(device, x, dy);
    product(device, dy, weights_.transpose(), dx);
  }

  Matrix<Parameter>& weights() { return weights_; }
  RowVector<Parameter>& bias() { return bias_; }
  const Matrix<Parameter>& weights() const { return weights_; }
  const RowVector<Parameter>& bias() const { return bias_; }
  const Matrix<Parameter>& weights_gradient() const { return weights_gradient_; }
  const RowVector<Parameter>& bias_gradient() const { return bias_gradient_; }

 private:
  Matrix<Parameter> weights_, weights_gradient_;
  RowVector<Parameter> bias_, bias_gradient_;
};

/// Variance of the weights before a ReLU (He et al. 2015, equation 10).
inline double he_variance(Index inputs) { return 2 / static_cast<double>(inputs); }

/// Variance of the weights elsewhere (Glorot and Bengio 2010, equation 12).
inline double glorot_variance(Index inputs, Index outputs) {
  return 2 / static_cast<double>(inputs + outputs);
}

}  // namespace nn
