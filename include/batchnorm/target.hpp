#pragma once

#include "detail/kernels/kernels.hpp"

namespace batchnorm {

/// The instruction set whose kernels this process uses: "avx512", "avx2" (with FMA), "sse2",
/// "neon", or "portable". A build whose flags do not allow AVX2 has kernels for it beside those
/// that its flags allow, and takes them where the processor has AVX2, FMA and F16C, unless
/// BATCHNORM_TARGET of the environment is `sse2`; the library batchnorm::compiled also has AVX-512,
/// and takes it where the variable is `avx512`. Decided once per process.
inline const char* target() { return detail::kernels_target(); }

}  // namespace batchnorm
