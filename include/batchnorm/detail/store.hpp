#pragma once

#include <cstdint>

#include "packet.hpp"

// How results are written. The rest of the library calls these by their names only.
namespace batchnorm::detail {

/// Writes through the caches: right wherever somebody reads the result soon.
struct OrdinaryStore {
  static constexpr bool needs_alignment = false;

  template <typename P>
  static void put(ScalarOf<P>* to, const P& value) {
    store(to, value);
  }

  static void finish() {}
};

/// Around the caches; any other packet through them.
template <typename Scalar, typename Raw>
void stream(Scalar* to, const Raw& value) {
  Eigen::internal::pstoreu(to, value);
}

#if defined(EIGEN_VECTORIZE_SSE2)
inline void stream(float* to, const __m128& value) { _mm_stream_ps(to, value); }
inline void stream(double* to, const __m128d& value) { _mm_stream_pd(to, value); }
#endif
#if defined(EIGEN_VECTORIZE_AVX)
inline void stream(float* to, const __m256& value) { _mm256_stream_ps(to, value); }
inline void stream(double* to, const __m256d& value) { _mm256_stream_pd(to, value); }
#endif
#if defined(EIGEN_VECTORIZE_AVX512)
inline void stream(float* to, const __m512& value) { _mm512_stream_ps(to, value); }
inline void stream(double* to, const __m512d& value) { _mm512_stream_pd(to, value); }
#endif

/// Writes whole packets around the caches, which saves reading what is overwritten. `to` must be
/// aligned to the packet. Where the machine has no such instruction, an ordinary store.
struct StreamingStore {
  static constexpr bool needs_alignment = true;

  template <typename P>
  static void put(ScalarOf<P>* to, const P& value) {
    if constexpr (is_scalar<P>) {
      store(to, value);
    } else {
      stream(to, value.raw);
    }
  }

  /// Makes what was written visible to other threads before anything that follows.
  static void finish() {
#if defined(EIGEN_VECTORIZE_SSE2)
    _mm_sfence();
#endif
  }
};

/// Elements before the first at an address that is a multiple of `P`'s size, or all `count` of
/// them.
template <typename P>
Index elements_to_alignment(const ScalarOf<P>* at, Index count) {
  const auto past =
      static_cast<Index>(reinterpret_cast<std::uintptr_t>(at) / sizeof(*at)) % lanes<P>;
  return std::min(past == 0 ? 0 : lanes<P> - past, count);
}

}  // namespace batchnorm::detail
