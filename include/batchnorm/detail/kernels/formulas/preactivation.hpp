#pragma once

#include <array>

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

}  // namespace batchnorm::detail
