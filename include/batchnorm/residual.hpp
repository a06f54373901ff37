#pragma once

namespace batchnorm {

/// Marks an argument as the one that is added before the activation: `norm.forward(x, residual(r))`
/// is activation(bn(x) + r).
template <typename T>
struct Residual {
  const T& tensor;  ///< of x's shape; must live until the call returns
};

/// Marks r, which has x's shape and must live until the call returns, as the residual of a call:
/// `forward(x, residual(r))` and `backward(x, residual(r), dy)`.
template <typename T>
Residual<T> residual(const T& tensor) {
  return {tensor};
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
