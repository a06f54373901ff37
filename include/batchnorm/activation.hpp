#pragma once

#include <concepts>

#include "detail/kernels/packet/packet.hpp"

namespace batchnorm {

/// y = bn(x). The default.
struct NoActivation {
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
  /// The gradient depends on the value.
  static constexpr bool gates = true;

  /// max(value, 0); NaN for NaN.
  template <typename P>
  static P apply(const P& value) {
    const auto zero = detail::broadcast<P>(0);
    return detail::select_less(value, zero, zero, value);
  }

  /// dy where the value is above 0, else 0.
  template <typename P>
  static P gate(const P& value, const P& dy) {
    const auto zero = detail::broadcast<P>(0);
    return detail::select_less(zero, value, dy, zero);
  }
};

/// A fused activation: what stands behind the layer, and its derivative, for a value and for a
/// packet of them (`detail/kernels/packet/packet.hpp`). A type of your own may be one.
template <typename T>
concept ActivationPolicy = requires(float value) {
  { T::gates } -> std::convertible_to<bool>;  // whether the gradient depends on the value
  {
    T::apply(value)
    } -> std::convertible_to<float>;  // the activation of a value, or of a packet of them
  { T::gate(value, value) } -> std::convertible_to<float>;  // dy times the derivative at the value
};

}  // namespace batchnorm
