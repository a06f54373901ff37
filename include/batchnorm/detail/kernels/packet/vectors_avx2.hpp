#ifndef BATCHNORM_PACKET_VECTORS_AVX2
#define BATCHNORM_PACKET_VECTORS_AVX2

#include <cstdint>

// AVX2 with FMA: see vectors.hpp. By what compilers have built in: the header of their intrinsics
// takes half as long to read as all of Eigen's tensors.
namespace batchnorm::detail::BATCHNORM_TARGET {

using Floats = float __attribute__((vector_size(32)));
using Doubles = double __attribute__((vector_size(32)));
using FourFloats = float __attribute__((vector_size(16)));
using BitsOfFloats = std::int32_t __attribute__((vector_size(32)));
using BitsOfDoubles = std::int64_t __attribute__((vector_size(32)));

// Anywhere in memory. In brackets, where both compilers take them for the type's.
using FloatsAt [[gnu::aligned(4), gnu::may_alias]] = Floats;
using DoublesAt [[gnu::aligned(8), gnu::may_alias]] = Doubles;
using FourFloatsAt [[gnu::aligned(4), gnu::may_alias]] = FourFloats;
static_assert(alignof(FloatsAt) == 4 && alignof(DoublesAt) == 8 && alignof(FourFloatsAt) == 4);

template <typename S>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type = Floats;
};
template <>
struct VectorOf<double> {
  using Type = Doubles;
};

inline Floats load_vector(const float* from) { return *reinterpret_cast<const FloatsAt*>(from); }
inline Doubles load_vector(const double* from) { return *reinterpret_cast<const DoublesAt*>(from); }

inline void store_vector(float* to, Floats a) { *reinterpret_cast<FloatsAt*>(to) = a; }
inline void store_vector(double* to, Doubles a) { *reinterpret_cast<DoublesAt*>(to) = a; }

inline Floats vector_of(float value) {
  return Floats{value, value, value, value, value, value, value, value};
}
inline Doubles vector_of(double value) { return Doubles{value, value, value, value}; }

inline Floats fused(Floats a, Floats b, Floats c) { return __builtin_ia32_vfmaddps256(a, b, c); }
inline Doubles fused(Doubles a, Doubles b, Doubles c) {
  return __builtin_ia32_vfmaddpd256(a, b, c);
}

inline Floats choose_less(Floats a, Floats b, Floats chosen, Floats otherwise) {
  return a < b ? chosen : otherwise;
}
inline Doubles choose_less(Doubles a, Doubles b, Doubles chosen, Doubles otherwise) {
  return a < b ? chosen : otherwise;
}

inline Doubles masked(Doubles a, std::uint64_t mask) {
  return reinterpret_cast<Doubles>(reinterpret_cast<BitsOfDoubles>(a) &
                                   static_cast<std::int64_t>(mask));
}
inline Doubles bits_subtracted(std::uint64_t bits, Doubles a) {
  using Bits = std::uint64_t __attribute__((vector_size(32)));
  return reinterpret_cast<Doubles>(bits - reinterpret_cast<Bits>(a));
}

inline Floats absolute_of(Floats a) {
  return reinterpret_cast<Floats>(reinterpret_cast<BitsOfFloats>(a) & 0x7fffffff);
}
inline Doubles absolute_of(Doubles a) { return masked(a, 0x7fff'ffff'ffff'ffff); }

inline Floats exponent_added(Floats a, Floats b) {
  using Bits = std::uint32_t __attribute__((vector_size(32)));
  return reinterpret_cast<Floats>(reinterpret_cast<Bits>(a) + (reinterpret_cast<Bits>(b) << 23));
}
inline Doubles exponent_added(Doubles a, Doubles b) {
  using Bits = std::uint64_t __attribute__((vector_size(32)));
  return reinterpret_cast<Doubles>(reinterpret_cast<Bits>(a) + (reinterpret_cast<Bits>(b) << 52));
}

#if defined(__clang__)
inline void stream_vector(float* to, Floats a) {
  __builtin_nontemporal_store(a, reinterpret_cast<Floats*>(to));
}
inline void stream_vector(double* to, Doubles a) {
  __builtin_nontemporal_store(a, reinterpret_cast<Doubles*>(to));
}

inline Doubles widened(FourFloats a) { return __builtin_convertvector(a, Doubles); }
inline FourFloats narrowed(Doubles a) { return __builtin_convertvector(a, FourFloats); }
inline FourFloats low_half(Floats a) { return __builtin_shufflevector(a, a, 0, 1, 2, 3); }
inline FourFloats high_half(Floats a) { return __builtin_shufflevector(a, a, 4, 5, 6, 7); }
#else
inline void stream_vector(float* to, Floats a) { __builtin_ia32_movntps256(to, a); }
inline void stream_vector(double* to, Doubles a) { __builtin_ia32_movntpd256(to, a); }

inline Doubles widened(FourFloats a) { return __builtin_ia32_cvtps2pd256(a); }
inline FourFloats narrowed(Doubles a) { return __builtin_ia32_cvtpd2ps256(a); }
inline FourFloats low_half(Floats a) { return __builtin_ia32_vextractf128_ps256(a, 0); }
inline FourFloats high_half(Floats a) { return __builtin_ia32_vextractf128_ps256(a, 1); }
#endif

#if defined(__clang__) && __has_builtin(__builtin_elementwise_sqrt)
inline Doubles square_root_of(Doubles a) { return __builtin_elementwise_sqrt(a); }
#else
inline Doubles square_root_of(Doubles a) { return __builtin_ia32_sqrtpd256(a); }
#endif

inline void finish_streams() { __builtin_ia32_sfence(); }

inline Doubles widened_low(Floats a) { return widened(low_half(a)); }
inline Doubles widened_high(Floats a) { return widened(high_half(a)); }
inline Doubles widened_from(const float* from) {
  return widened(*reinterpret_cast<const FourFloatsAt*>(from));
}
inline Doubles rounded_to_float(Doubles a) { return widened(narrowed(a)); }
inline void store_narrowed(float* to, Doubles a) {
  *reinterpret_cast<FourFloatsAt*>(to) = narrowed(a);
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#include "vectors_avx2_halves.hpp"

#endif
