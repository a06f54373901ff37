#ifndef BATCHNORM_PACKET_NARROW
#define BATCHNORM_PACKET_NARROW

#include <bit>
#include <cstdint>

#include "packet_type.hpp"

// Values of 16 bits to float and back, rounded to the nearest, ties to even: by integers, and by
// sums of numbers that are normal in float, so that no mode of the processor flushes the small
// values of half. Of a NaN stays that it is one.
namespace batchnorm::detail::BATCHNORM_TARGET {

inline std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }
inline float vector_of_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline std::uint32_t where_less(std::uint32_t a, std::uint32_t b, std::uint32_t chosen,
                                std::uint32_t otherwise) {
  return a < b ? chosen : otherwise;
}
inline std::uint32_t ones_where_nan(float value, std::uint32_t bits) {
  return (bits_of(value) & 0x7fff'ffffU) > 0x7f80'0000U ? 0xffff'ffffU : bits;
}

/// Bfloat16 is float without the lower half of its bits: `value`, rounded, with anything there.
template <typename Real>
auto rounded_to_bfloat16(const Real& value) {
  const auto bits = bits_of(value);
  const auto last_kept = (bits >> 16) & 1U;
  return ones_where_nan(value, bits + (last_kept + 0x7fffU));
}

/// The exponent's offset is 15 in half, 127 in float. What has no exponent is small: as float with
/// that of 2^-14 in front of it, it is that much too large.
template <typename Bits>
auto float_of_half(const Bits& bits) {
  const auto magnitude = (bits & 0x7fffU) << 13;
  const auto usual = magnitude + (112U << 23);
  const auto special = magnitude + (224U << 23);
  const auto small = bits_of(vector_of_bits(magnitude + (113U << 23)) -
                             vector_of_bits((magnitude & 0U) + (113U << 23)));
  const auto finite = where_less(magnitude, (magnitude & 0U) + (1U << 23), small, usual);
  const auto any = where_less(magnitude, (magnitude & 0U) + (31U << 23), finite, special);
  return vector_of_bits(any | ((bits & 0x8000U) << 16));
}

/// Small values are rounded by a sum whose last digit is that of the smallest half, 2^-24.
template <typename Real>
auto half_of_float(const Real& value) {
  const auto bits = bits_of(value);
  const auto magnitude = bits & 0x7fff'ffffU;
  const auto same = [&](std::uint32_t number) { return (bits & 0U) + number; };
  const auto last_kept = (magnitude >> 13) & 1U;
  const auto usual = (magnitude - (112U << 23) + (last_kept + 0xfffU)) >> 13;
  const auto sum = vector_of_bits(magnitude) + vector_of_bits(same(126U << 23));
  const auto small = bits_of(sum) - (126U << 23);
  const auto finite = where_less(magnitude, same(113U << 23), small, usual);
  const auto in_range = where_less(magnitude, same(143U << 23), finite, same(0x7c00U));
  const auto any = where_less(same(0x7f80'0000U), magnitude, same(0x7e00U), in_range);
  return any | ((bits >> 16) & 0x8000U);
}

/// A value as it is, or as float where it has 16 bits.
template <typename Data>
ArithmeticOf<Data> widened_value(const Data& value) {
  if constexpr (!has_16_bits<Data>) {
    return value;
  } else {
    const std::uint32_t bits = std::bit_cast<std::uint16_t>(value);
    if constexpr (std::is_same_v<Data, Eigen::half>) return float_of_half(bits);
    return vector_of_bits(bits << 16);
  }
}

/// A value as it is, or rounded to `Data` where that has 16 bits.
template <typename Data>
Data narrowed_value(ArithmeticOf<Data> value) {
  if constexpr (!has_16_bits<Data>) {
    return value;
  } else {
    const auto bits = [&] {
      if constexpr (std::is_same_v<Data, Eigen::half>) return half_of_float(value);
      return rounded_to_bfloat16(value) >> 16;
    }();
    return std::bit_cast<Data>(static_cast<std::uint16_t>(bits));
  }
}

#if BATCHNORM_VECTOR_BYTES > 0
using FloatVector = typename VectorOf<float>::Type;

template <typename Data>
FloatVector load_narrow(const Data* from) {
  if constexpr (std::is_same_v<Data, Eigen::bfloat16>) {
    return vector_of_bits(load_upper_halves(from));
  } else if constexpr (has_half_instructions) {
    return load_halves(from);
  } else {
    return float_of_half(load_lower_halves(from));
  }
}

/// The bits of `a` as `Data`, as `store_16_bits` takes them.
template <typename Data, typename Vector>
auto narrowed_bits(const Vector& a) {
  if constexpr (std::is_same_v<Data, Eigen::bfloat16>) {
    return upper_halves(rounded_to_bfloat16(a));
  } else if constexpr (has_half_instructions) {
    return halves_of(a);
  } else {
    return lower_halves(half_of_float(a));
  }
}

inline FloatVector load_vector(const Eigen::bfloat16* from) { return load_narrow(from); }
inline FloatVector load_vector(const Eigen::half* from) { return load_narrow(from); }

template <typename Data>
requires has_16_bits<Data>
void store_vector(Data* to, const FloatVector& a) { store_16_bits(to, narrowed_bits<Data>(a)); }

template <typename Data>
requires has_16_bits<Data>
void stream_vector(Data* to, const FloatVector& a) { stream_16_bits(to, narrowed_bits<Data>(a)); }
#endif

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
