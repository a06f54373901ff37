#pragma once

#include <concepts>
#include <ratio>

#include "arithmetic.hpp"

namespace batchnorm {

/// y = bn(x). The default.
struct NoActivation {
  static constexpr const char* name = "NoActivation";  ///< as a printed layer shows it
  /// The gradient is dy, whatever the value.
  static constexpr bool gates = false;

  /// The value itself.
  template <typename P>
  static P apply(const P& value) {
    return value;
  }

  /// dy itself.
  template <typename P>
  static P gate(const P& /*value*/, const P& dy) {
    return dy;
  }
};

/// y = max(bn(x), 0), fused: no further pass, no stored mask. Backward rebuilds the mask with
/// forward's own expression. The gradient at 0 is 0, as in PyTorch; a NaN stays a NaN.
struct ReLU {
  static constexpr const char* name = "ReLU";  ///< as a printed layer shows it
  /// The gradient depends on the value.
  static constexpr bool gates = true;

  /// max(value, 0); NaN for NaN.
  template <typename P>
  static P apply(const P& value) {
    return maximum(value, constant<P>(0));
  }

  /// dy where the value is above 0, else 0.
  template <typename P>
  static P gate(const P& value, const P& dy) {
    const P zero = constant<P>(0);
    return select_less(zero, value, dy, zero);
  }
};

/// y = bn(x) where that is above 0, else slope * bn(x); fused as ReLU is. `Slope` is a
/// `std::ratio`, 0.01 as in PyTorch where none is given; Keras has 0.3, `LeakyReLU<std::ratio<3,
/// 10>>`. The gradient at 0 is slope * dy, as in PyTorch; a NaN stays a NaN.
template <typename Slope = std::ratio<1, 100>>
struct LeakyReLU {
  static constexpr const char* name = "LeakyReLU";  ///< as a printed layer shows it
  /// The gradient depends on the value.
  static constexpr bool gates = true;
  /// The factor of what is not above 0.
  static constexpr double slope = static_cast<double>(Slope::num) / static_cast<double>(Slope::den);

  /// value where it is above 0, else slope * value; NaN for NaN.
  template <typename P>
  static P apply(const P& value) {
    return select_less(constant<P>(0), value, value, multiply(value, constant<P>(slope)));
  }

  /// dy where the value is above 0, else slope * dy.
  template <typename P>
  static P gate(const P& value, const P& dy) {
    return select_less(constant<P>(0), value, dy, multiply(dy, constant<P>(slope)));
  }
};

/// y = min(max(bn(x), 0), 6), fused as ReLU is. The gradient at 0 and 6 is 0, as in PyTorch; a NaN
/// stays a NaN.
struct ReLU6 {
  static constexpr const char* name = "ReLU6";  ///< as a printed layer shows it
  /// The gradient depends on the value.
  static constexpr bool gates = true;

  /// value, but at least 0 and at most 6; NaN for NaN.
  template <typename P>
  static P apply(const P& value) {
    return minimum(ReLU::apply(value), constant<P>(6));
  }

  /// dy where the value is above 0 and below 6, else 0.
  template <typename P>
  static P gate(const P& value, const P& dy) {
    return select_less(value, constant<P>(6), ReLU::gate(value, dy), constant<P>(0));
  }
};

/// y = u * sigmoid(u) with u = bn(x), also called swish; fused as ReLU is. The relative
/// error is at most 3 epsilons, and y is 0 where its sigmoid would be below the least normal
/// number; the error of the gradient is at most 2 epsilons of dy.
struct SiLU {
  static constexpr const char* name = "SiLU";  ///< as a printed layer shows it
  /// The gradient depends on the value.
  static constexpr bool gates = true;

  /// value * sigmoid(value).
  template <typename P>
  static P apply(const P& value) {
    return multiply(value, sigmoid_at(value).sigmoid);
  }

  /// dy times s (1 + value (1 - s)), with s the sigmoid of value.
  template <typename P>
  static P gate(const P& value, const P& dy) {
    const SigmoidAt<P> at = sigmoid_at(value);
    return multiply(dy, multiply(at.sigmoid, multiply_add(value, at.complement, constant<P>(1))));
  }
};

/// y = u * Phi(u) with u = bn(x) and Phi the standard normal distribution function (Hendrycks and
/// Gimpel 2016); fused as ReLU is. This is PyTorch's and Keras' default, not the approximation by
/// tanh. The relative error is at most 4 epsilons, and another u^2 / 4 where a machine does not
/// multiply and add at once, and y is 0 where Phi would be next to the least normal number; the
/// error of the gradient is at most 2 epsilons of dy.
struct GELU {
  static constexpr const char* name = "GELU";  ///< as a printed layer shows it
  /// The gradient depends on the value.
  static constexpr bool gates = true;

  /// value * Phi(value).
  template <typename P>
  static P apply(const P& value) {
    return multiply(value, normal_at(value).cdf);
  }

  /// dy times Phi(value) + value * phi(value), with phi the density.
  template <typename P>
  static P gate(const P& value, const P& dy) {
    const NormalAt<P> at = normal_at(value);
    return multiply(dy, multiply_add(value, at.density, at.cdf));
  }
};

/// GELU by tanh: y = u / 2 * (1 + tanh(sqrt(2 / pi) * (u + 0.044715 u^3))), which is
/// `approximate="tanh"` of PyTorch and `approximate=True` of Keras; fused as ReLU is. The
/// error is at most 2 epsilons of u, that of the gradient at most 2 of dy.
struct TanhGELU {
  static constexpr const char* name = "TanhGELU";  ///< as a printed layer shows it
  /// The gradient depends on the value.
  static constexpr bool gates = true;

  /// value * sigmoid(2 v), where v is what stands in the tanh.
  template <typename P>
  static P apply(const P& value) {
    return multiply(value, sigmoid_at(doubled(value)).sigmoid);
  }

  /// dy times s (1 + value (1 - s) w), with s = sigmoid(2 v) and w the derivative of 2 v.
  template <typename P>
  static P gate(const P& value, const P& dy) {
    const SigmoidAt<P> at = sigmoid_at(doubled(value));
    // Beyond, the sigmoid is 0 or 1, and what grows like u^3 must stay a number.
    const P most = constant<P>(30);
    const P least = constant<P>(-30);
    const P u = select_less(value, least, least, select_less(most, value, most, value));
    const P square = multiply(u, u);
    const P inner = multiply_add(square, constant<P>(6 * cubic * scale), constant<P>(2 * scale));
    const P slope = multiply_add(multiply(u, inner), at.complement, constant<P>(1));
    return multiply(dy, multiply(at.sigmoid, slope));
  }

 private:
  static constexpr double scale = 0.79788456080286536;
  static constexpr double cubic = 0.044715;

  template <typename P>
  static P doubled(const P& value) {
    const P square = multiply(value, value);
    const P factor = multiply_add(square, constant<P>(2 * cubic * scale), constant<P>(2 * scale));
    return multiply(value, factor);
  }
};

/// A fused activation: what stands behind the layer, and its derivative, for a value and for a
/// packet of them. A type of your own may be one, written with the functions above; a layer that is
/// printed shows its `name`, if it has one.
template <typename T>
concept ActivationPolicy = requires(float value) {
  { T::gates } -> std::convertible_to<bool>;  // whether the gradient depends on the value
  {
    T::apply(value)
    } -> std::convertible_to<float>;  // the activation of a value, or of a packet of them
  { T::gate(value, value) } -> std::convertible_to<float>;  // dy times the derivative at the value
};

}  // namespace batchnorm
