#ifndef BATCHNORM_PACKET_VECTORS_NEON
#define BATCHNORM_PACKET_VECTORS_NEON

#include <arm_neon.h>

#include <cstdint>

#include "pair.hpp"

// NEON of 64-bit ARM, two registers to a vector, so that it has the lanes of AVX2, and the bits:
// see vectors.hpp.
namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename S>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type = Pair<float32x4_t>;
};
template <>
struct VectorOf<double> {
  using Type = Pair<float64x2_t>;
};

using Floats = VectorOf<float>::Type;
using Doubles = VectorOf<double>::Type;

inline Floats load_vector(const float* from) { return {vld1q_f32(from), vld1q_f32(from + 4)}; }
inline Doubles load_vector(const double* from) { return {vld1q_f64(from), vld1q_f64(from + 2)}; }

inline void store_vector(float* to, const Floats& a) {
  vst1q_f32(to, a.low);
  vst1q_f32(to + 4, a.high);
}
inline void store_vector(double* to, const Doubles& a) {
  vst1q_f64(to, a.low);
  vst1q_f64(to + 2, a.high);
}

template <typename S, typename Vector>
void stream_vector(S* to, const Vector& a) {
  store_vector(to, a);
}
inline void finish_streams() {}

inline Floats vector_of(float value) { return {vdupq_n_f32(value), vdupq_n_f32(value)}; }
inline Doubles vector_of(double value) { return {vdupq_n_f64(value), vdupq_n_f64(value)}; }

inline Floats fused(const Floats& a, const Floats& b, const Floats& c) {
  return {vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)};
}
inline Doubles fused(const Doubles& a, const Doubles& b, const Doubles& c) {
  return {vfmaq_f64(c.low, a.low, b.low), vfmaq_f64(c.high, a.high, b.high)};
}

inline Doubles square_root_of(const Doubles& a) { return {vsqrtq_f64(a.low), vsqrtq_f64(a.high)}; }

inline Floats absolute_of(const Floats& a) { return {vabsq_f32(a.low), vabsq_f32(a.high)}; }
inline Doubles absolute_of(const Doubles& a) { return {vabsq_f64(a.low), vabsq_f64(a.high)}; }

inline Floats choose_less(const Floats& a, const Floats& b, const Floats& chosen,
                          const Floats& otherwise) {
  return {vbslq_f32(vcltq_f32(a.low, b.low), chosen.low, otherwise.low),
          vbslq_f32(vcltq_f32(a.high, b.high), chosen.high, otherwise.high)};
}
inline Doubles choose_less(const Doubles& a, const Doubles& b, const Doubles& chosen,
                           const Doubles& otherwise) {
  return {vbslq_f64(vcltq_f64(a.low, b.low), chosen.low, otherwise.low),
          vbslq_f64(vcltq_f64(a.high, b.high), chosen.high, otherwise.high)};
}

inline Doubles widened_in_order(float32x4_t a) {
  return {vcvt_f64_f32(vget_low_f32(a)), vcvt_high_f64_f32(a)};
}
inline Doubles widened_low(const Floats& a) { return widened_in_order(a.low); }
inline Doubles widened_high(const Floats& a) { return widened_in_order(a.high); }
inline Doubles widened_from(const float* from) { return widened_in_order(vld1q_f32(from)); }

inline float32x4_t narrowed_half(const Doubles& a) {
  return vcvt_high_f32_f64(vcvt_f32_f64(a.low), a.high);
}
inline Doubles rounded_to_float(const Doubles& a) { return widened_in_order(narrowed_half(a)); }
inline void store_narrowed(float* to, const Doubles& a) { vst1q_f32(to, narrowed_half(a)); }

inline float32x4_t exponent_added(float32x4_t a, float32x4_t b) {
  const uint32x4_t shifted = vshlq_n_u32(vreinterpretq_u32_f32(b), 23);
  return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(a), shifted));
}
inline float64x2_t exponent_added(float64x2_t a, float64x2_t b) {
  const uint64x2_t shifted = vshlq_n_u64(vreinterpretq_u64_f64(b), 52);
  return vreinterpretq_f64_u64(vaddq_u64(vreinterpretq_u64_f64(a), shifted));
}
/// The bits of float in two registers, with what is done to them for both alike.
struct FloatBits {
  uint32x4_t low;
  uint32x4_t high;

  friend FloatBits operator+(const FloatBits& a, const FloatBits& b) {
    return {a.low + b.low, a.high + b.high};
  }
  friend FloatBits operator+(const FloatBits& a, std::uint32_t b) {
    return {a.low + b, a.high + b};
  }
  friend FloatBits operator&(const FloatBits& a, std::uint32_t b) {
    return {a.low & b, a.high & b};
  }
  friend FloatBits operator>>(const FloatBits& a, int by) { return {a.low >> by, a.high >> by}; }
};

inline FloatBits bits_of(const Floats& a) {
  return {vreinterpretq_u32_f32(a.low), vreinterpretq_u32_f32(a.high)};
}
inline Floats vector_of_bits(const FloatBits& a) {
  return {vreinterpretq_f32_u32(a.low), vreinterpretq_f32_u32(a.high)};
}
inline FloatBits ones_where_nan(const Floats& value, const FloatBits& bits) {
  return {vornq_u32(bits.low, vceqq_f32(value.low, value.low)),
          vornq_u32(bits.high, vceqq_f32(value.high, value.high))};
}
inline uint16x8_t sixteen_bits_at(const void* from) {
  return vreinterpretq_u16_u8(vld1q_u8(static_cast<const std::uint8_t*>(from)));
}
inline FloatBits load_upper_halves(const void* from) {
  const uint16x8_t all = sixteen_bits_at(from);
  return {vshll_n_u16(vget_low_u16(all), 16), vshll_high_n_u16(all, 16)};
}
inline uint16x8_t upper_halves(const FloatBits& a) {
  return vshrn_high_n_u32(vshrn_n_u32(a.low, 16), a.high, 16);
}
inline void store_16_bits(void* to, uint16x8_t a) {
  vst1q_u8(static_cast<std::uint8_t*>(to), vreinterpretq_u8_u16(a));
}
inline void stream_16_bits(void* to, uint16x8_t a) { store_16_bits(to, a); }

inline constexpr bool rounds_in_pairs = false;
inline constexpr bool has_half_instructions = true;
inline Floats load_halves(const void* from) {
  const float16x8_t all = vreinterpretq_f16_u16(sixteen_bits_at(from));
  return {vcvt_f32_f16(vget_low_f16(all)), vcvt_high_f32_f16(all)};
}
inline uint16x8_t halves_of(const Floats& a) {
  return vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(a.low), a.high));
}

inline float64x2_t masked(float64x2_t a, std::uint64_t mask) {
  return vreinterpretq_f64_u64(vandq_u64(vreinterpretq_u64_f64(a), vdupq_n_u64(mask)));
}
inline Doubles masked(const Doubles& a, std::uint64_t mask) {
  return {masked(a.low, mask), masked(a.high, mask)};
}
inline float64x2_t bits_subtracted(std::uint64_t bits, float64x2_t a) {
  return vreinterpretq_f64_u64(vsubq_u64(vdupq_n_u64(bits), vreinterpretq_u64_f64(a)));
}
inline Doubles bits_subtracted(std::uint64_t bits, const Doubles& a) {
  return {bits_subtracted(bits, a.low), bits_subtracted(bits, a.high)};
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
