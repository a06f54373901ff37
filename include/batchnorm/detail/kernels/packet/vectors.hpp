#ifndef BATCHNORM_PACKET_VECTORS
#define BATCHNORM_PACKET_VECTORS

// The vectors of an instruction set, and what the compiler's operators for vectors do not say. For
// each of float and double:
//   VectorOf<S>::Type        the vector
//   load_vector, store_vector, stream_vector    from and to memory; streaming is aligned, and goes
//                            around the caches where the machine can
//   vector_of                the same number in every lane
//   choose_less              `chosen` where a < b, else `otherwise`; of scalars, too, where the
//                            compiler would make a branch of them
//   fused                    a * b + c, rounded once where the machine can
//   absolute_of              |a|
//   exponent_added           a's bits + b's lowest bits, shifted to where the exponent stands
// and between the two:
//   widened_low, widened_high, widened_from     a vector of float in two of double; from memory
//   rounded_to_float, store_narrowed            a vector of double, rounded, in double; to memory
// and between float and 16 bits (narrow.hpp):
//   bits_of, vector_of_bits  a vector of float as its bits, and back
//   ones_where_nan           `bits`, or all of them where a value is NaN
//   load_upper_halves        as many values of 16 bits as the upper halves of lanes; below is 0
//   upper_halves             those of all lanes beside each other
//   store_16_bits, stream_16_bits    these to memory
//   has_half_instructions    whether there are load_halves, and halves_of, which packs; else there
//                            are where_less, load_lower_halves, and lower_halves of lanes whose
//                            upper ones are 0
//   rounds_in_pairs          whether there are load_pair, rounded_to_bfloat16 of a Pair of vectors
//                            of float (pair.hpp), and what stores and streams that
// and of double alone:
//   square_root_of           correctly rounded
//   masked, bits_subtracted  its bits & mask; bits - its bits
#if BATCHNORM_VECTOR_BYTES == 64
#include "vectors_avx512.hpp"
#elif BATCHNORM_VECTOR_BYTES == 32 && defined(__aarch64__)
#include "vectors_neon.hpp"
#elif BATCHNORM_VECTOR_BYTES == 16
#include "vectors_sse2.hpp"
#elif BATCHNORM_VECTOR_BYTES == 32
#include "vectors_avx2.hpp"
#else
#include "vectors_none.hpp"
#endif

#endif
