#pragma once

#include <cstdlib>
#include <cstring>

// Whether the kernels are compiled for AVX2 beside what the flags allow. Flags that allow as much
// make that needless.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(EIGEN_DONT_VECTORIZE) && \
    !(defined(__AVX2__) && defined(__FMA__))
#define BATCHNORM_ADDS_AVX2
#include <cpuid.h>
#endif

// This room is about instruction sets: which one the compiler's flags allow (build.hpp), for which
// others the kernels are compiled a second time (avx2.hpp), and which of these a program uses.
// In: the compiler's flags, and when the program runs the processor and BATCHNORM_TARGET of the
// environment.
// Out: macros that say what kernels are compiled for, undefined again by end.hpp; one choice per
// process.
namespace batchnorm::detail {

#if defined(BATCHNORM_ADDS_AVX2)
/// Whether this processor, and its operating system, run what avx2.hpp compiles.
inline bool processor_has_avx2() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  const bool has_f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
  return has_f16c && __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

/// Whether this process uses the AVX2 kernels: decided once.
inline bool uses_avx2_kernels() {
  static const bool chosen = [] {
    const char* wanted = std::getenv("BATCHNORM_TARGET");
    const bool lesser = wanted != nullptr && std::strcmp(wanted, "sse2") == 0;
    return !lesser && processor_has_avx2();
  }();
  return chosen;
}
#endif

}  // namespace batchnorm::detail
