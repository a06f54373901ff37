#pragma once

namespace batchnorm {

/// What `second_backward` returns: gradients of a loss that depends on what `backward` gave.
template <typename Dx, typename Dgamma>
struct SecondGradients {
  Dx x{};          ///< with respect to x, of its shape
  Dx dy{};         ///< with respect to dy, of x's shape
  Dgamma gamma{};  ///< with respect to gamma, one value per channel; empty where there is none
};

}  // namespace batchnorm
