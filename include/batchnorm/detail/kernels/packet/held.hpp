#ifndef BATCHNORM_PACKET_HELD
#define BATCHNORM_PACKET_HELD

#include "packet_type.hpp"

// What keeps a compiler from knowing better.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// Makes the compiler forget what it knows of a value that fits a register, at no cost but that.
template <typename Value>
void hide([[maybe_unused]] Value& value) {
#if defined(__GNUC__) && defined(__SSE2__)
  asm("" : "+v"(value));
#elif defined(__GNUC__) && defined(__aarch64__)
  asm("" : "+w"(value));
#elif defined(__GNUC__)
  asm("" : "+m"(value));
#endif
}

/// `packet` as a value that stands in a register. Left to itself, g++ reads a packet of several
/// uses from memory for each; with -ffast-math, compilers take (a + b) - a for b; and where one
/// instruction multiplies and adds, they take a * b + c for it here and not there.
template <typename P>
P held(P packet) {
  if constexpr (is_scalar<P>) {
    hide(packet);
  } else {
    hide(packet.raw);
  }
  return packet;
}

/// How many values a cache line has.
template <typename Scalar>
inline constexpr Index values_in_line = 64 / Index{sizeof(Scalar)};

/// Asks for the cache line of an address, which need not be anybody's.
inline void prefetch([[maybe_unused]] const void* at) {
#if defined(__GNUC__)
  __builtin_prefetch(at);
  // Without it, g++ takes the function for one without effect, and leaves out calls of it.
  asm volatile("");
#endif
}

/// Makes the compiler forget what it knows of an index. Left to itself, clang++ advances a pointer
/// for every array of a loop, for which there are not registers enough.
inline void hide_index([[maybe_unused]] Index& index) {
#if defined(__GNUC__)
  asm("" : "+r"(index));
#endif
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
