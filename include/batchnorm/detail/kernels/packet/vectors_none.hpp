#ifndef BATCHNORM_PACKET_VECTORS_NONE
#define BATCHNORM_PACKET_VECTORS_NONE

// No vectors: kernels take one value at a time, on any machine and with any compiler.
namespace batchnorm::detail::BATCHNORM_TARGET {

inline void finish_streams() {}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
