#pragma once

#include "packet_type.hpp"

// What keeps a compiler from knowing better.
namespace batchnorm::detail {

/// Makes the compiler forget what it knows of a value, at no cost but a register.
template <typename Raw>
void hide([[maybe_unused]] Raw& value) {
#if defined(__GNUC__) && defined(EIGEN_VECTORIZE_AVX512)
  asm("" : "+v"(value));
#elif defined(__GNUC__) && defined(__SSE2__)
  asm("" : "+x"(value));
#elif defined(__GNUC__) && defined(__ARM_NEON)
  asm("" : "+w"(value));
#elif defined(__GNUC__)
  asm("" : "+m"(value));
#endif
}

/// `packet` as a value that stands in a register. Left to itself, g++ reads a packet of several
/// uses from memory for each; and with -ffast-math, compilers take (a + b) - a for b.
template <typename P>
P held(P packet) {
  if constexpr (is_scalar<P>) {
    hide(packet);
  } else {
    hide(packet.raw);
  }
  return packet;
}

/// Makes the compiler forget what it knows of an index. Left to itself, clang++ advances a pointer
/// for every array of a loop, for which there are not registers enough.
inline void hide_index([[maybe_unused]] Index& index) {
#if defined(__GNUC__)
  asm("" : "+r"(index));
#endif
}

}  // namespace batchnorm::detail
