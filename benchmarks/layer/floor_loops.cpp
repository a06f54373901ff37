// Compiled once per instruction set, into a function floor_loops_SET. Nothing inline is included
// that another file could have compiled for other instructions.

#include "floor_loops.hpp"

#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace benchmarks {
namespace {

#if defined(__AVX512F__)
constexpr long width = 16;
#elif defined(__AVX__)
constexpr long width = 8;
#else
constexpr long width = 4;
#endif
constexpr long group = 4 * width;

using Packet [[gnu::vector_size(width * sizeof(float))]] = float;

Packet load(const float* from) {
  Packet result;
  __builtin_memcpy(&result, from, sizeof(Packet));
  return result;
}

struct Ordinary {
  static void store(float* to, Packet value) { __builtin_memcpy(to, &value, sizeof(Packet)); }
  static void finish() {}
};

#if defined(__SSE2__)
struct NonTemporal {
  static void store(float* to, Packet value) {
#if defined(__AVX512F__)
    _mm512_stream_ps(to, value);
#elif defined(__AVX__)
    _mm256_stream_ps(to, value);
#else
    _mm_stream_ps(to, value);
#endif
  }
  static void finish() { _mm_sfence(); }
};
#else
using NonTemporal = Ordinary;
#endif

/// How many values stand before the first whole packet.
long before_packets(const float* to, long count) {
  const long values = static_cast<long>(reinterpret_cast<std::uintptr_t>(to) / sizeof(float));
  const long before = (width - values % width) % width;
  return before < count ? before : count;
}

template <typename Store>
void move(const float* x, float* to, long count) {
  const Packet one = Packet{} + 1.0F;
  long i = 0;
  for (const long first = before_packets(to, count); i < first; ++i) to[i] = x[i] + 1.0F;
  for (; i + group <= count; i += group) {
    for (long k = i; k < i + group; k += width) Store::store(to + k, load(x + k) + one);
  }
  for (; i < count; ++i) to[i] = x[i] + 1.0F;
  Store::finish();
}

template <typename Store>
void combine(const float* x, const float* dy, float* to, long count) {
  long i = 0;
  for (const long first = before_packets(to, count); i < first; ++i) to[i] = x[i] + dy[i];
  for (; i + group <= count; i += group) {
    for (long k = i; k < i + group; k += width) Store::store(to + k, load(x + k) + load(dy + k));
  }
  for (; i < count; ++i) to[i] = x[i] + dy[i];
  Store::finish();
}

}  // namespace

FloorStores FLOOR_LOOPS() {
  return {{move<Ordinary>, combine<Ordinary>}, {move<NonTemporal>, combine<NonTemporal>}};
}

}  // namespace benchmarks
