#include <algorithm>

#include "floor_loops.hpp"
#include "machine.hpp"

namespace benchmarks {

FloorStores floor_loops_baseline();
#if defined(__x86_64__)
FloorStores floor_loops_avx2();
FloorStores floor_loops_avx512();
#endif

FloorStores floor_loops() {
#if defined(__x86_64__)
  const auto has = [sets = instruction_sets()](const char* set) {
    return std::ranges::find(sets, set) != sets.end();
  };
  if (has("avx512")) return floor_loops_avx512();
  if (has("avx2+fma")) return floor_loops_avx2();
#endif
  return floor_loops_baseline();
}

}  // namespace benchmarks
