// Begins kernels for AVX-512 in a build whose flags do not allow it; see avx2.hpp.

#define BATCHNORM_TARGET avx512
#define BATCHNORM_TARGET_NAME "avx512"
#define BATCHNORM_VECTOR_BYTES 64
#define BATCHNORM_FUSES 1
#define BATCHNORM_TARGET_PRAGMA

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx2,fma,f16c")
#endif
