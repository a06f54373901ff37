#ifndef BATCHNORM_PACKET_VECTORS_NONE
#define BATCHNORM_PACKET_VECTORS_NONE

// No vectors: kernels take one value at a time, on any machine and with any compiler.
namespace batchnorm::detail::BATCHNORM_TARGET {

inline void finish_streams() {}

inline void leave_vectors() {}

template <typename S>
void hide_scalar([[maybe_unused]] S& a) {
#if defined(__GNUC__) && defined(__SSE2__)
  asm("" : "+x"(a));
#elif defined(__GNUC__)
  asm("" : "+m"(a));
#endif
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
