#pragma once

#include <cstdlib>
#include <cstring>

// Whether the kernels are compiled for AVX2 beside what the flags allow. Flags that allow as much
// make that needless.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(EIGEN_DONT_VECTORIZE) && \
    !(defined(__AVX2__) && defined(__FMA__))
#define BATCHNORM_ADDS_AVX2
#include <cpuid.h>
#if defined(BATCHNORM_WANTS_AVX512)
#define BATCHNORM_ADDS_AVX512
#include <immintrin.h>
#endif
#endif

// This room is about instruction sets: which one the compiler's flags allow (build.hpp), for which
// others the kernels are compiled beside it (avx2.hpp, avx512.hpp), and which of these a program
// uses.
// In: the compiler's flags, and when the program runs the processor and BATCHNORM_TARGET of the
// environment.
// Out: macros that say what kernels are compiled for, undefined again by end.hpp; one choice per
// process.
namespace batchnorm::detail {

#if defined(BATCHNORM_ADDS_AVX2)
enum class Target { build, avx2, avx512 };

/// Whether this processor, and its operating system, run what avx2.hpp compiles.
inline bool processor_has_avx2() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  const bool has_f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
  return has_f16c && __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

/// Whether this processor, and its operating system, run what avx512.hpp compiles.
inline bool processor_has_avx512() {
  return processor_has_avx2() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}

/// The kernels that this process uses: decided once. AVX-512 has bits of its own, and is taken only
/// where it is asked for.
inline Target chosen_target() {
  static const Target chosen = [] {
    const char* const environment = std::getenv("BATCHNORM_TARGET");
    const auto asks_for = [&](const char* name) {
      return environment != nullptr && std::strcmp(environment, name) == 0;
    };
    if (asks_for("sse2") || !processor_has_avx2()) return Target::build;
#if defined(BATCHNORM_ADDS_AVX512)
    if (asks_for("avx512") && processor_has_avx512()) return Target::avx512;
#endif
    return Target::avx2;
  }();
  return chosen;
}
#endif

}  // namespace batchnorm::detail
