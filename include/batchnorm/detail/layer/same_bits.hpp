#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace batchnorm::detail {

/// Whether two values are the same, two NaNs with equal bits included.
template <typename T>
bool same_bits(T a, T b) {
  using Wide = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  using Bits = std::conditional_t<sizeof(T) == 2, std::uint16_t, Wide>;
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b);
}

}  // namespace batchnorm::detail
