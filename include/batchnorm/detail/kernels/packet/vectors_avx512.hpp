#ifndef BATCHNORM_PACKET_VECTORS_AVX512
#define BATCHNORM_PACKET_VECTORS_AVX512

#include <immintrin.h>

#include <cstdint>

// AVX-512 with its extensions DQ and VL: see vectors.hpp. Where there is a form with a mask, it
// stands with a mask of all lanes: what comes without, g++ 12 takes for uninitialised.
namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename S>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type = __m512;
};
template <>
struct VectorOf<double> {
  using Type = __m512d;
};

inline constexpr __mmask16 all_of_float = 0xffff;
inline constexpr __mmask8 all_of_double = 0xff;

inline __m512 load_vector(const float* from) { return _mm512_loadu_ps(from); }
inline __m512d load_vector(const double* from) { return _mm512_loadu_pd(from); }

inline void store_vector(float* to, __m512 a) { _mm512_storeu_ps(to, a); }
inline void store_vector(double* to, __m512d a) { _mm512_storeu_pd(to, a); }

inline void stream_vector(float* to, __m512 a) { _mm512_stream_ps(to, a); }
inline void stream_vector(double* to, __m512d a) { _mm512_stream_pd(to, a); }
inline void finish_streams() { _mm_sfence(); }

inline __m512 vector_of(float value) { return _mm512_set1_ps(value); }
inline __m512d vector_of(double value) { return _mm512_set1_pd(value); }

inline __m512 fused(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
inline __m512d fused(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }

inline __m512d square_root_of(__m512d a) { return _mm512_maskz_sqrt_pd(all_of_double, a); }

inline __m512 absolute_of(__m512 a) {
  return _mm512_maskz_andnot_ps(all_of_float, _mm512_set1_ps(-0.0F), a);
}
inline __m512d absolute_of(__m512d a) {
  return _mm512_maskz_andnot_pd(all_of_double, _mm512_set1_pd(-0.0), a);
}

inline __m512 choose_less(__m512 a, __m512 b, __m512 chosen, __m512 otherwise) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), otherwise, chosen);
}
inline __m512d choose_less(__m512d a, __m512d b, __m512d chosen, __m512d otherwise) {
  return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), otherwise, chosen);
}

#if !defined(__clang__)
/// A scalar as the lowest lane of a vector, whose other lanes are anything.
inline __m128 in_vector(float value) {
  __m128 vector;
  asm("" : "=v"(vector) : "0"(value));
  return vector;
}
inline __m128d in_vector(double value) {
  __m128d vector;
  asm("" : "=v"(vector) : "0"(value));
  return vector;
}

/// Of scalars: left to itself, g++ 12 makes a branch, which is foreseen wrongly half of the time.
inline float choose_less(float a, float b, float chosen, float otherwise) {
  const __mmask8 less = _mm_cmp_ss_mask(in_vector(a), in_vector(b), _CMP_LT_OQ);
  return _mm_cvtss_f32(_mm_mask_blend_ps(less, in_vector(otherwise), in_vector(chosen)));
}
inline double choose_less(double a, double b, double chosen, double otherwise) {
  const __mmask8 less = _mm_cmp_sd_mask(in_vector(a), in_vector(b), _CMP_LT_OQ);
  return _mm_cvtsd_f64(_mm_mask_blend_pd(less, in_vector(otherwise), in_vector(chosen)));
}
#endif

inline __m256 half_of(__m512 a, std::integral_constant<int, 0> /*low*/) {
  return _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(all_of_double, _mm512_castps_pd(a), 0));
}
inline __m256 half_of(__m512 a, std::integral_constant<int, 1> /*high*/) {
  return _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(all_of_double, _mm512_castps_pd(a), 1));
}

inline __m512d widened_low(__m512 a) {
  return _mm512_maskz_cvtps_pd(all_of_double, half_of(a, std::integral_constant<int, 0>{}));
}
inline __m512d widened_high(__m512 a) {
  return _mm512_maskz_cvtps_pd(all_of_double, half_of(a, std::integral_constant<int, 1>{}));
}
inline __m512d widened_from(const float* from) {
  return _mm512_maskz_cvtps_pd(all_of_double, _mm256_loadu_ps(from));
}

inline __m256 narrowed_half(__m512d a) { return _mm512_maskz_cvtpd_ps(all_of_double, a); }
inline __m512d rounded_to_float(__m512d a) {
  return _mm512_maskz_cvtps_pd(all_of_double, narrowed_half(a));
}
inline void store_narrowed(float* to, __m512d a) { _mm256_storeu_ps(to, narrowed_half(a)); }

inline __m512 exponent_added(__m512 a, __m512 b) {
  const __m512i shifted = _mm512_maskz_slli_epi32(all_of_float, _mm512_castps_si512(b), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), shifted));
}
inline __m512d exponent_added(__m512d a, __m512d b) {
  const __m512i shifted = _mm512_maskz_slli_epi64(all_of_double, _mm512_castpd_si512(b), 52);
  return _mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(a), shifted));
}

using FloatBits = std::uint32_t __attribute__((vector_size(64)));

inline FloatBits bits_of(__m512 a) { return reinterpret_cast<FloatBits>(a); }
inline __m512 vector_of_bits(FloatBits a) { return reinterpret_cast<__m512>(a); }
inline FloatBits ones_where_nan(__m512 value, FloatBits bits) {
  const __mmask16 is_nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  return reinterpret_cast<FloatBits>(
      _mm512_mask_set1_epi32(reinterpret_cast<__m512i>(bits), is_nan, -1));
}

inline FloatBits load_upper_halves(const void* from) {
  const __m256i halves = _mm256_loadu_si256(static_cast<const __m256i*>(from));
  return reinterpret_cast<FloatBits>(_mm512_maskz_cvtepu16_epi32(all_of_float, halves)) << 16;
}
inline __m256i upper_halves(FloatBits a) {
  return _mm512_maskz_cvtepi32_epi16(all_of_float, reinterpret_cast<__m512i>(a >> 16));
}
inline void store_16_bits(void* to, __m256i a) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), a);
}
inline void stream_16_bits(void* to, __m256i a) {
  _mm256_stream_si256(static_cast<__m256i*>(to), a);
}

inline constexpr bool rounds_in_pairs = false;
inline constexpr bool has_half_instructions = true;
inline __m512 load_halves(const void* from) {
  return _mm512_maskz_cvtph_ps(all_of_float, _mm256_loadu_si256(static_cast<const __m256i*>(from)));
}
inline __m256i halves_of(__m512 a) { return _mm512_maskz_cvtps_ph(all_of_float, a, 0); }

inline __m512d masked(__m512d a, std::uint64_t mask) {
  const __m512i bits = _mm512_set1_epi64(static_cast<long long>(mask));
  return _mm512_castsi512_pd(_mm512_maskz_and_epi64(all_of_double, _mm512_castpd_si512(a), bits));
}
inline __m512d bits_subtracted(std::uint64_t bits, __m512d a) {
  const __m512i from = _mm512_set1_epi64(static_cast<long long>(bits));
  return _mm512_castsi512_pd(_mm512_sub_epi64(from, _mm512_castpd_si512(a)));
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
