// Begins kernels for the instruction set that the compiler's flags allow. No two builds whose flags
// allow different sets have kernels of one name, or a linker would take the one's for the other's.

#if defined(EIGEN_DONT_VECTORIZE) || !defined(__GNUC__)
#define BATCHNORM_TARGET build_portable
#define BATCHNORM_TARGET_NAME "portable"
#define BATCHNORM_VECTOR_BYTES 0
#elif defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__FMA__)
#define BATCHNORM_TARGET build_avx512
#define BATCHNORM_TARGET_NAME "avx512"
#define BATCHNORM_VECTOR_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__) && !defined(__F16C__)
#define BATCHNORM_TARGET build_avx2nof16c
#define BATCHNORM_TARGET_NAME "avx2"
#define BATCHNORM_VECTOR_BYTES 32
#elif defined(__AVX2__) && defined(__FMA__)
#define BATCHNORM_TARGET build_avx2
#define BATCHNORM_TARGET_NAME "avx2"
#define BATCHNORM_VECTOR_BYTES 32
#elif defined(__AVX__)
#define BATCHNORM_TARGET build_avx
#define BATCHNORM_TARGET_NAME "sse2"
#define BATCHNORM_VECTOR_BYTES 16
#elif defined(__SSE4_1__)
#define BATCHNORM_TARGET build_sse4
#define BATCHNORM_TARGET_NAME "sse2"
#define BATCHNORM_VECTOR_BYTES 16
#elif defined(__SSE2__)
#define BATCHNORM_TARGET build_sse2
#define BATCHNORM_TARGET_NAME "sse2"
#define BATCHNORM_VECTOR_BYTES 16
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define BATCHNORM_TARGET build_neon
#define BATCHNORM_TARGET_NAME "neon"
#define BATCHNORM_VECTOR_BYTES 32
#else
#define BATCHNORM_TARGET build_portable
#define BATCHNORM_TARGET_NAME "portable"
#define BATCHNORM_VECTOR_BYTES 0
#endif

// Whether a * b + c is one instruction, so that compilers may put one in the place of two.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA)
#define BATCHNORM_FUSES 1
#else
#define BATCHNORM_FUSES 0
#endif
