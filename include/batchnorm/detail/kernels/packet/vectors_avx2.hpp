#ifndef BATCHNORM_PACKET_VECTORS_AVX2
#define BATCHNORM_PACKET_VECTORS_AVX2

#include <immintrin.h>

#include <cstdint>

// AVX2 with FMA: see vectors.hpp.
namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename S>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type = __m256;
};
template <>
struct VectorOf<double> {
  using Type = __m256d;
};

inline __m256 load_vector(const float* from) { return _mm256_loadu_ps(from); }
inline __m256d load_vector(const double* from) { return _mm256_loadu_pd(from); }

inline void store_vector(float* to, __m256 a) { _mm256_storeu_ps(to, a); }
inline void store_vector(double* to, __m256d a) { _mm256_storeu_pd(to, a); }

inline void stream_vector(float* to, __m256 a) { _mm256_stream_ps(to, a); }
inline void stream_vector(double* to, __m256d a) { _mm256_stream_pd(to, a); }
inline void finish_streams() { _mm_sfence(); }

inline __m256 vector_of(float value) { return _mm256_set1_ps(value); }
inline __m256d vector_of(double value) { return _mm256_set1_pd(value); }

inline __m256 fused(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
inline __m256d fused(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }

inline __m256 square_root_of(__m256 a) { return _mm256_sqrt_ps(a); }
inline __m256d square_root_of(__m256d a) { return _mm256_sqrt_pd(a); }

inline __m256 absolute_of(__m256 a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
inline __m256d absolute_of(__m256d a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }

inline __m256 choose_less(__m256 a, __m256 b, __m256 chosen, __m256 otherwise) {
  return _mm256_blendv_ps(otherwise, chosen, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
inline __m256d choose_less(__m256d a, __m256d b, __m256d chosen, __m256d otherwise) {
  return _mm256_blendv_pd(otherwise, chosen, _mm256_cmp_pd(a, b, _CMP_LT_OQ));
}

inline __m256d widened_low(__m256 a) { return _mm256_cvtps_pd(_mm256_castps256_ps128(a)); }
inline __m256d widened_high(__m256 a) { return _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)); }
inline __m256d widened_from(const float* from) { return _mm256_cvtps_pd(_mm_loadu_ps(from)); }

inline __m256d rounded_to_float(__m256d a) { return _mm256_cvtps_pd(_mm256_cvtpd_ps(a)); }
inline void store_narrowed(float* to, __m256d a) { _mm_storeu_ps(to, _mm256_cvtpd_ps(a)); }

inline __m256d masked(__m256d a, std::uint64_t mask) {
  return _mm256_and_pd(a, _mm256_castsi256_pd(_mm256_set1_epi64x(static_cast<long long>(mask))));
}
inline __m256d bits_subtracted(std::uint64_t bits, __m256d a) {
  const __m256i from = _mm256_set1_epi64x(static_cast<long long>(bits));
  return _mm256_castsi256_pd(_mm256_sub_epi64(from, _mm256_castpd_si256(a)));
}

/// What is not told that it left wide vectors behind makes the baseline's instructions slow.
inline void leave_vectors() {
#if defined(BATCHNORM_TARGET_PRAGMA)
  _mm256_zeroupper();
#endif
}

template <typename Vector>
void hide(Vector& a) {
  asm("" : "+x"(a));
}

template <typename S>
void hide_scalar(S& a) {
  asm("" : "+x"(a));
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
