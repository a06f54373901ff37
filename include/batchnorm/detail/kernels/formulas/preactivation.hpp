#ifndef BATCHNORM_FORMULAS_PREACTIVATION
#define BATCHNORM_FORMULAS_PREACTIVATION

#include <array>

#include "../packet/value.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// The value that enters the activation, by the one expression that forward and backward share.
/// Subtracting before scaling keeps the digits that `x * scale + (shift - mean * scale)` loses when
/// the mean is large.
template <typename P, std::size_t Inputs>
P preactivation(const P& centred, const P& scale, const P& shift,
                const std::array<P, Inputs>& residual) {
  const P affine = multiply_add(centred, scale, shift);
  if constexpr (Inputs == 1) return add(affine, residual[0]);
  return affine;
}

/// g = dy behind the activation, which is rebuilt from the centred x; the gradient of the residual
/// is g itself. `in` is x, dy and, where there is one, the residual.
template <typename Activation, bool HasResidual, typename P, std::size_t Inputs>
P gradient_behind(const P& centred, const P& scale, const P& shift,
                  const std::array<P, Inputs>& in) {
  if constexpr (!Activation::gates) {
    return in[1];
  } else {
    std::array<P, HasResidual ? 1 : 0> residual;
    if constexpr (HasResidual) residual[0] = in[2];
    return gated<Activation>(preactivation(centred, scale, shift, residual), in[1]);
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
