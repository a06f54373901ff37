#include "fairness.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>

#include "machine.hpp"

namespace benchmarks {

void be_fair() {
  const std::vector<std::string> sets = instruction_sets();
  if (std::ranges::find(sets, "avx512") != sets.end()) setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

}  // namespace benchmarks
