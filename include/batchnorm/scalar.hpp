#pragma once

#include <Eigen/Core>
#include <type_traits>

namespace batchnorm {

/// Whether values of `Scalar` have 16 bits: `Eigen::bfloat16`, with the range of float and 8 binary
/// digits, and `Eigen::half`, with 11 digits up to 65504.
template <typename Scalar>
inline constexpr bool has_16_bits =
    std::is_same_v<Scalar, Eigen::bfloat16> || std::is_same_v<Scalar, Eigen::half>;

/// What a layer of `Scalar` computes in, and keeps gamma, beta and their gradients in: float for
/// values of 16 bits, else `Scalar` itself.
template <typename Scalar>
using ArithmeticOf = std::conditional_t<has_16_bits<Scalar>, float, Scalar>;

}  // namespace batchnorm
