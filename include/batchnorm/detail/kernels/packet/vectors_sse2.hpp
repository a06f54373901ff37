#ifndef BATCHNORM_PACKET_VECTORS_SSE2
#define BATCHNORM_PACKET_VECTORS_SSE2

#include <emmintrin.h>

#include <cstdint>
#if BATCHNORM_FUSES
#include <immintrin.h>
#endif

// SSE2, which every x86-64 processor has: see vectors.hpp.
namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename S>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type = __m128;
};
template <>
struct VectorOf<double> {
  using Type = __m128d;
};

inline __m128 load_vector(const float* from) { return _mm_loadu_ps(from); }
inline __m128d load_vector(const double* from) { return _mm_loadu_pd(from); }

inline void store_vector(float* to, __m128 a) { _mm_storeu_ps(to, a); }
inline void store_vector(double* to, __m128d a) { _mm_storeu_pd(to, a); }

inline void stream_vector(float* to, __m128 a) { _mm_stream_ps(to, a); }
inline void stream_vector(double* to, __m128d a) { _mm_stream_pd(to, a); }
inline void finish_streams() { _mm_sfence(); }

inline __m128 vector_of(float value) { return _mm_set1_ps(value); }
inline __m128d vector_of(double value) { return _mm_set1_pd(value); }

#if BATCHNORM_FUSES
inline __m128 fused(__m128 a, __m128 b, __m128 c) { return _mm_fmadd_ps(a, b, c); }
inline __m128d fused(__m128d a, __m128d b, __m128d c) { return _mm_fmadd_pd(a, b, c); }
#else
inline __m128 fused(__m128 a, __m128 b, __m128 c) { return a * b + c; }
inline __m128d fused(__m128d a, __m128d b, __m128d c) { return a * b + c; }
#endif

inline __m128d square_root_of(__m128d a) { return _mm_sqrt_pd(a); }

inline __m128 absolute_of(__m128 a) { return _mm_andnot_ps(_mm_set1_ps(-0.0F), a); }
inline __m128d absolute_of(__m128d a) { return _mm_andnot_pd(_mm_set1_pd(-0.0), a); }

inline __m128 choose_less(__m128 a, __m128 b, __m128 chosen, __m128 otherwise) {
  const __m128 less = _mm_cmplt_ps(a, b);
  return _mm_or_ps(_mm_and_ps(less, chosen), _mm_andnot_ps(less, otherwise));
}
inline __m128d choose_less(__m128d a, __m128d b, __m128d chosen, __m128d otherwise) {
  const __m128d less = _mm_cmplt_pd(a, b);
  return _mm_or_pd(_mm_and_pd(less, chosen), _mm_andnot_pd(less, otherwise));
}

inline __m128d widened_low(__m128 a) { return _mm_cvtps_pd(a); }
inline __m128d widened_high(__m128 a) { return _mm_cvtps_pd(_mm_movehl_ps(a, a)); }
inline __m128d widened_from(const float* from) {
  return _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}

inline __m128d rounded_to_float(__m128d a) { return _mm_cvtps_pd(_mm_cvtpd_ps(a)); }
inline void store_narrowed(float* to, __m128d a) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_castps_si128(_mm_cvtpd_ps(a)));
}

inline __m128 exponent_added(__m128 a, __m128 b) {
  return _mm_castsi128_ps(
      _mm_add_epi32(_mm_castps_si128(a), _mm_slli_epi32(_mm_castps_si128(b), 23)));
}
inline __m128d exponent_added(__m128d a, __m128d b) {
  return _mm_castsi128_pd(
      _mm_add_epi64(_mm_castpd_si128(a), _mm_slli_epi64(_mm_castpd_si128(b), 52)));
}

using FloatBits = std::uint32_t __attribute__((vector_size(16)));

inline FloatBits bits_of(__m128 a) { return reinterpret_cast<FloatBits>(a); }
inline __m128 vector_of_bits(FloatBits a) { return reinterpret_cast<__m128>(a); }
inline FloatBits ones_where_nan(__m128 value, FloatBits bits) {
  return bits | reinterpret_cast<FloatBits>(_mm_cmpunord_ps(value, value));
}
inline FloatBits where_less(FloatBits a, FloatBits b, FloatBits chosen, FloatBits otherwise) {
  const auto less = reinterpret_cast<FloatBits>(
      _mm_cmplt_epi32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
  return (less & chosen) | (~less & otherwise);
}

inline FloatBits load_lower_halves(const void* from) {
  const __m128i bits = _mm_loadl_epi64(static_cast<const __m128i*>(from));
  return reinterpret_cast<FloatBits>(_mm_unpacklo_epi16(bits, _mm_setzero_si128()));
}
inline FloatBits load_upper_halves(const void* from) {
  const __m128i bits = _mm_loadl_epi64(static_cast<const __m128i*>(from));
  return reinterpret_cast<FloatBits>(_mm_unpacklo_epi16(_mm_setzero_si128(), bits));
}
/// With their sign, as the instruction takes them.
inline __m128i upper_halves(FloatBits a) {
  const __m128i below = _mm_srai_epi32(reinterpret_cast<__m128i>(a), 16);
  return _mm_packs_epi32(below, below);
}
inline __m128i lower_halves(FloatBits a) { return upper_halves(a << 16); }
inline void store_16_bits(void* to, __m128i a) { _mm_storel_epi64(static_cast<__m128i*>(to), a); }
inline void stream_16_bits(void* to, __m128i a) {
#if defined(__x86_64__)
  _mm_stream_si64(static_cast<long long*>(to), _mm_cvtsi128_si64(a));
#else
  store_16_bits(to, a);
#endif
}
inline constexpr bool rounds_in_pairs = false;
inline constexpr bool has_half_instructions = false;

inline __m128d masked(__m128d a, std::uint64_t mask) {
  return _mm_and_pd(a, _mm_castsi128_pd(_mm_set1_epi64x(static_cast<long long>(mask))));
}
inline __m128d bits_subtracted(std::uint64_t bits, __m128d a) {
  const __m128i from = _mm_set1_epi64x(static_cast<long long>(bits));
  return _mm_castsi128_pd(_mm_sub_epi64(from, _mm_castpd_si128(a)));
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
