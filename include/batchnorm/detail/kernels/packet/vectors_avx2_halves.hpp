#ifndef BATCHNORM_PACKET_VECTORS_AVX2_HALVES
#define BATCHNORM_PACKET_VECTORS_AVX2_HALVES

#include "pair.hpp"

// Values of 16 bits by AVX2: see vectors.hpp.
namespace batchnorm::detail::BATCHNORM_TARGET {

using FloatBits = std::uint32_t __attribute__((vector_size(32)));
using Halves = std::uint16_t __attribute__((vector_size(16)));
using HalvesOfPair = std::uint16_t __attribute__((vector_size(32)));
using SignedHalves = std::int16_t __attribute__((vector_size(16)));
using SignedHalvesOfPair = std::int16_t __attribute__((vector_size(32)));

using HalvesAt [[gnu::aligned(2), gnu::may_alias]] = Halves;
using HalvesOfPairAt [[gnu::aligned(2), gnu::may_alias]] = HalvesOfPair;

inline FloatBits bits_of(Floats a) { return reinterpret_cast<FloatBits>(a); }
inline Floats vector_of_bits(FloatBits a) { return reinterpret_cast<Floats>(a); }
inline FloatBits ones_where_nan(Floats value, FloatBits bits) {
  const auto magnitude = reinterpret_cast<BitsOfFloats>(value) & 0x7fff'ffff;
  return bits | reinterpret_cast<FloatBits>(magnitude > 0x7f80'0000);
}

inline Halves halves_at(const void* from) { return *static_cast<const HalvesAt*>(from); }
inline void store_16_bits(void* to, Halves a) { *static_cast<HalvesAt*>(to) = a; }
inline void store_16_bits(void* to, HalvesOfPair a) { *static_cast<HalvesOfPairAt*>(to) = a; }

/// Whether packets of bfloat16 are `PacketPair`.
inline constexpr bool rounds_in_pairs = true;

/// The upper halves of the lanes of two vectors, and the lower ones, beside each other in an order
/// that `in_order` changes into that of the lanes, and back; `joined` is the reverse for upper
/// ones.
struct SplitPair {
  HalvesOfPair upper;
  HalvesOfPair lower;
};

#if defined(__clang__)
inline FloatBits load_lower_halves(const void* from) {
  return __builtin_convertvector(halves_at(from), FloatBits);
}
inline Halves lower_halves(FloatBits a) { return __builtin_convertvector(a, Halves); }
inline Halves upper_halves(FloatBits a) { return lower_halves(a >> 16); }

inline void stream_16_bits(void* to, Halves a) {
  __builtin_nontemporal_store(a, static_cast<Halves*>(to));
}
inline void stream_16_bits(void* to, HalvesOfPair a) {
  __builtin_nontemporal_store(a, static_cast<HalvesOfPair*>(to));
}

/// Keeps shuffles as they are: joined with others they become more.
inline HalvesOfPair kept(HalvesOfPair a) {
  asm("" : "+x"(a));
  return a;
}

/// Of every four lanes, the upper halves and behind them the lower ones.
inline HalvesOfPair upper_first(FloatBits a) {
  const auto halves = reinterpret_cast<HalvesOfPair>(a);
  return kept(__builtin_shufflevector(halves, halves, 1, 3, 5, 7, 0, 2, 4, 6, 9, 11, 13, 15, 8, 10,
                                      12, 14));
}
inline SplitPair split(FloatBits a, FloatBits b) {
  const HalvesOfPair x = upper_first(a);
  const HalvesOfPair y = upper_first(b);
  return {
      __builtin_shufflevector(x, y, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
      __builtin_shufflevector(x, y, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)};
}
inline HalvesOfPair in_order(HalvesOfPair of) {
  const HalvesOfPair a = kept(of);
  return __builtin_shufflevector(a, a, 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15);
}
inline Pair<Floats> joined(HalvesOfPair upper) {
  const HalvesOfPair none = upper & 0;
  return {reinterpret_cast<Floats>(__builtin_shufflevector(none, upper, 0, 16, 1, 17, 2, 18, 3, 19,
                                                           8, 24, 9, 25, 10, 26, 11, 27)),
          reinterpret_cast<Floats>(__builtin_shufflevector(none, upper, 4, 20, 5, 21, 6, 22, 7, 23,
                                                           12, 28, 13, 29, 14, 30, 15, 31))};
}
#else
using FourLongs = long long __attribute__((vector_size(32)));
using BytesOfPair = char __attribute__((vector_size(32)));

inline FloatBits load_lower_halves(const void* from) {
  return reinterpret_cast<FloatBits>(
      __builtin_ia32_pmovzxwd256(reinterpret_cast<SignedHalves>(halves_at(from))));
}

/// Of every four lanes, the halves that begin at byte `First`, and behind them the others.
template <char First>
FourLongs halves_first(FloatBits a) {
  constexpr char other = 2 - First;
  const BytesOfPair chosen{
      First, First + 1, First + 4, First + 5, First + 8, First + 9, First + 12, First + 13,
      other, other + 1, other + 4, other + 5, other + 8, other + 9, other + 12, other + 13,
      First, First + 1, First + 4, First + 5, First + 8, First + 9, First + 12, First + 13,
      other, other + 1, other + 4, other + 5, other + 8, other + 9, other + 12, other + 13};
  return reinterpret_cast<FourLongs>(
      __builtin_ia32_pshufb256(reinterpret_cast<BytesOfPair>(a), chosen));
}

inline Halves packed(FourLongs halves) {
  const FourLongs beside = __builtin_ia32_permdi256(halves, 0x08);
  return reinterpret_cast<Halves>(__builtin_ia32_extract128i256(beside, 0));
}
inline Halves lower_halves(FloatBits a) { return packed(halves_first<0>(a)); }
inline Halves upper_halves(FloatBits a) { return packed(halves_first<2>(a)); }

inline void stream_16_bits(void* to, Halves a) {
  using TwoLongs = long long __attribute__((vector_size(16)));
  __builtin_ia32_movntdq(static_cast<TwoLongs*>(to), reinterpret_cast<TwoLongs>(a));
}
inline void stream_16_bits(void* to, HalvesOfPair a) {
  __builtin_ia32_movntdq256(static_cast<FourLongs*>(to), reinterpret_cast<FourLongs>(a));
}

inline SplitPair split(FloatBits a, FloatBits b) {
  const FourLongs x = halves_first<2>(a);
  const FourLongs y = halves_first<2>(b);
  return {reinterpret_cast<HalvesOfPair>(__builtin_ia32_punpcklqdq256(x, y)),
          reinterpret_cast<HalvesOfPair>(__builtin_ia32_punpckhqdq256(x, y))};
}
inline HalvesOfPair in_order(HalvesOfPair a) {
  return reinterpret_cast<HalvesOfPair>(
      __builtin_ia32_permdi256(reinterpret_cast<FourLongs>(a), 0xd8));
}
inline Pair<Floats> joined(HalvesOfPair upper) {
  const auto halves = reinterpret_cast<SignedHalvesOfPair>(upper);
  const SignedHalvesOfPair none = halves & 0;
  return {reinterpret_cast<Floats>(__builtin_ia32_punpcklwd256(none, halves)),
          reinterpret_cast<Floats>(__builtin_ia32_punpckhwd256(none, halves))};
}
#endif

inline SignedHalvesOfPair with_sign(HalvesOfPair a) {
  return reinterpret_cast<SignedHalvesOfPair>(a);
}

// Sums and differences that stay at the end of their range. Of unsigned halves clang++ knows them
// by their definition.
#if defined(__clang__)
inline HalvesOfPair sum_at_most(HalvesOfPair a, HalvesOfPair b) {
  const HalvesOfPair sum = a + b;
  return sum < a ? ~(a & 0) : sum;
}
inline HalvesOfPair excess_over(HalvesOfPair a, HalvesOfPair b) { return a > b ? a - b : a & 0; }
#else
inline HalvesOfPair sum_at_most(HalvesOfPair a, HalvesOfPair b) {
  return reinterpret_cast<HalvesOfPair>(__builtin_ia32_paddusw256(with_sign(a), with_sign(b)));
}
inline HalvesOfPair excess_over(HalvesOfPair a, HalvesOfPair b) {
  return reinterpret_cast<HalvesOfPair>(__builtin_ia32_psubusw256(with_sign(a), with_sign(b)));
}
#endif
inline HalvesOfPair signed_sum_at_most(HalvesOfPair a, HalvesOfPair b) {
#if defined(__clang__) && __has_builtin(__builtin_elementwise_add_sat)
  const auto sum = __builtin_elementwise_add_sat(with_sign(a), with_sign(b));
#else
  const auto sum = __builtin_ia32_paddsw256(with_sign(a), with_sign(b));
#endif
  return reinterpret_cast<HalvesOfPair>(sum);
}

inline HalvesOfPair smaller(HalvesOfPair a, HalvesOfPair b) { return a < b ? a : b; }
inline HalvesOfPair larger(HalvesOfPair a, HalvesOfPair b) { return a < b ? b : a; }

inline FloatBits load_upper_halves(const void* from) { return load_lower_halves(from) << 16; }

inline Pair<Floats> load_pair(const void* from) {
  return joined(in_order(*static_cast<const HalvesOfPairAt*>(from)));
}

/// Two vectors of float, rounded to bfloat16 by sums of 16 bits: the upper half grows by 1 where
/// the lower is more than half a unit of it, or as much and the upper is odd. A sum that would
/// change the sign of a NaN stays at the largest number of its sign; no NaN is a signalling one,
/// which sums and products give none of.
inline HalvesOfPair rounded_to_bfloat16(const Pair<Floats>& a) {
  const auto [upper, lower] = split(bits_of(a.low), bits_of(a.high));
  const HalvesOfPair one = (upper & 0) + 1;
  const HalvesOfPair half_unit = (upper & 0) + 0x8000;
  const HalvesOfPair over = excess_over(sum_at_most(lower, upper & one), half_unit);
  return in_order(larger(signed_sum_at_most(upper, smaller(over, one)), upper));
}

#if defined(BATCHNORM_TARGET_PRAGMA) || defined(__F16C__)
inline constexpr bool has_half_instructions = true;
inline Floats load_halves(const void* from) {
  return __builtin_ia32_vcvtph2ps256(reinterpret_cast<SignedHalves>(halves_at(from)));
}
inline Halves halves_of(Floats a) {
  return reinterpret_cast<Halves>(__builtin_ia32_vcvtps2ph256(a, 0));
}
#else
inline constexpr bool has_half_instructions = false;
inline FloatBits where_less(FloatBits a, FloatBits b, FloatBits chosen, FloatBits otherwise) {
  return reinterpret_cast<BitsOfFloats>(a) < reinterpret_cast<BitsOfFloats>(b) ? chosen : otherwise;
}
#endif

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
