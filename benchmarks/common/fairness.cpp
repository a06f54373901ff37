#include "fairness.hpp"

#include <malloc.h>

#include <cstdlib>

namespace benchmarks {

void be_fair() {
#if defined(__x86_64__)
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  if (wide) setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
#endif
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

}  // namespace benchmarks
