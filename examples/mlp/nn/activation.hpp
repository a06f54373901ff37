// Activations have the shape of every layer: forward(device, x, y) and backward(device, x, dy, dx).
#pragma once

#include "nn/matrix.hpp"

namespace nn {

/// y = max(x, 0)
struct Relu {
  template <typename Scalar>
  void forward(const Device&, const Matrix<Scalar>& x, Matrix<Scalar>& y) const {
    y = x.cwiseMax(Scalar(0));
  }

  template <typename Scalar>
  void backward(const Device&, const Matrix<Scalar>& x, const Matrix<Scalar>& dy,
                Matrix<Scalar>& dx) const {
    dx = (x.array() > Scalar(0)).select(dy, Scalar(0));
  }
};

/// y = 1 / (1 + exp(-x))
struct Sigmoid {
  template <typename Scalar>
  void forward(const Device&, const Matrix<Scalar>& x, Matrix<Scalar>& y) const {
    y = x.array().logistic();
  }

  /// dx = dy y (1 - y), with y computed again: cheaper than a second kind of layer that keeps it.
  template <typename Scalar>
  void backward(const Device&, const Matrix<Scalar>& x, const Matrix<Scalar>& dy,
                Matrix<Scalar>& dx) const {
    dx = x.array().logistic();
    dx.array() *= dy.array() * (Scalar(1) - dx.array());
  }
};

}  // namespace nn
