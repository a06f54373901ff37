// Activations have the shape of every layer: forward(device, x, y) and backward(device, x, dy, dx).
// Values of 16 bits are computed with in float, and rounded once.
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
    y = x.template cast<ArithmeticOf<Scalar>>().array().logistic().template cast<Scalar>();
  }

  /// dx = dy y (1 - y), with y computed again: cheaper than a second kind of layer that keeps it.
  template <typename Scalar>
  void backward(const Device& device, const Matrix<Scalar>& x, const Matrix<Scalar>& dy,
                Matrix<Scalar>& dx) const {
    using Wide = ArithmeticOf<Scalar>;
    if constexpr (batchnorm::has_16_bits<Scalar>) {
      const Matrix<Wide> wide_dy = dy.template cast<Wide>();
      Matrix<Wide> wide_dx;
      backward(device, Matrix<Wide>(x.template cast<Wide>()), wide_dy, wide_dx);
      dx = wide_dx.template cast<Scalar>();
    } else {
      dx = x.array().logistic();
      dx.array() *= dy.array() * (Scalar(1) - dx.array());
    }
  }
};

}  // namespace nn
