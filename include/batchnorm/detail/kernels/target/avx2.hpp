// Begins kernels for AVX2, FMA and F16C in a build whose flags do not allow them. A list of
// features, since g++ inlines no function of another architecture. Every header of the standard
// library and of Eigen must have been included before.

#define BATCHNORM_TARGET avx2
#define BATCHNORM_TARGET_NAME "avx2"
#define BATCHNORM_VECTOR_BYTES 32
#define BATCHNORM_FUSES 1
#define BATCHNORM_TARGET_PRAGMA

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif
