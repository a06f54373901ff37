#pragma once

#include <array>

#include "../../../activation.hpp"
#include "../packet/packet.hpp"

namespace batchnorm::detail {

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
/// is g itself. `in` is x, dy and, where there is one, the residual. Held, so that a product of the
/// activation is not fused with a sum behind it here and not there.
template <typename Activation, bool HasResidual, typename P, std::size_t Inputs>
P gated(const P& centred, const P& scale, const P& shift, const std::array<P, Inputs>& in) {
  if constexpr (!Activation::gates) {
    return in[1];
  } else {
    std::array<P, HasResidual ? 1 : 0> residual;
    if constexpr (HasResidual) residual[0] = in[2];
    return held(Activation::gate(preactivation(centred, scale, shift, residual), in[1]));
  }
}

}  // namespace batchnorm::detail
