#pragma once

#include <type_traits>

namespace batchnorm {

/// Marks an argument as the one that is added before the activation: `norm.forward(x, residual(r))`
/// is activation(bn(x) + r).
template <typename T>
struct Residual {
  const T& tensor;  ///< of x's shape; must live until the call returns
};

/// The same of a temporary, which is gone when the call has returned.
template <typename T>
struct TemporaryResidual : Residual<T> {};

/// Marks r, which has x's shape and must live until the call returns, as the residual of a call:
/// `forward(x, residual(r))` and `backward(x, residual(r), dy)`. That of `prepared` must live as
/// long as what is prepared is called without addresses.
template <typename T>
Residual<T> residual(const T& tensor) {
  return {tensor};
}

/// The same of a temporary.
template <typename T>
requires(!std::is_reference_v<T>) TemporaryResidual<std::remove_const_t<T>> residual(T&& tensor) {
  return {{tensor}};
}

/// What `backward` returns for a call with a residual.
template <typename Dx, typename Dresidual = Dx>
struct ResidualGradients {
  Dx dx;                ///< gradient of the loss with respect to x
  Dresidual dresidual;  ///< gradient of the loss with respect to the residual
};

/// What backward does with the gradients of gamma and beta.
enum class GradientUpdate {
  assign,      ///< replaces them
  accumulate,  ///< adds to them
  inputs_only  ///< leaves them as they are
};

/// Last argument of `backward` that adds to the gradients of gamma and beta, for one step over
/// several batches.
inline constexpr GradientUpdate accumulate = GradientUpdate::accumulate;

/// Last argument of `backward` that leaves the gradients of gamma and beta as they are: only dx and
/// dresidual are wanted. A Frozen layer then sums nothing.
inline constexpr GradientUpdate inputs_only = GradientUpdate::inputs_only;

}  // namespace batchnorm
