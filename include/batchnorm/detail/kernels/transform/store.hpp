#pragma once

#include <algorithm>
#include <cstdint>

#include "../packet/packet.hpp"

// How results are written. The rest of the library calls these by their names only.
namespace batchnorm::detail {

enum class Store {
  ordinary,  ///< through the caches: right wherever somebody reads the result soon
  streaming  ///< whole packets, aligned, around the caches, which saves reading what is overwritten
};

/// Around the caches; any other packet, or where the machine has no such instruction, through them.
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

/// Writes a packet, or a scalar, which is never streamed. Chosen as the program runs: a branch that
/// always goes the same way costs nothing beside a store, a second copy of every loop would.
template <typename P>
void put(Store how, ScalarOf<P>* to, const P& value) {
  if constexpr (!is_scalar<P>) {
    if (how == Store::streaming) return stream(to, value.raw);
  }
  store(to, value);
}

/// Makes what was streamed visible to other threads before anything that follows.
inline void finish([[maybe_unused]] Store how) {
#if defined(EIGEN_VECTORIZE_SSE2)
  if (how == Store::streaming) _mm_sfence();
#endif
}

/// Elements before the first at an address that is a multiple of `P`'s size, or all `count` of
/// them.
template <typename P>
Index elements_to_alignment(const ScalarOf<P>* at, Index count) {
  const auto past =
      static_cast<Index>(reinterpret_cast<std::uintptr_t>(at) / sizeof(*at)) % lanes<P>;
  return std::min(past == 0 ? 0 : lanes<P> - past, count);
}

}  // namespace batchnorm::detail
