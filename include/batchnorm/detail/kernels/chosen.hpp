#pragma once

#include "target/target.hpp"

// The kernels of every instruction set that this build has, and the choice between them. What
// given_kernels.hpp includes, and has guards in the place of `#pragma once`, is compiled once per
// set (target/), in a namespace of its own: BATCHNORM_TARGET.
#include "target/build.hpp"
//
#include "given_kernels.hpp"
//
namespace batchnorm::detail {
namespace build = BATCHNORM_TARGET;
}
#include "target/end.hpp"

#if defined(BATCHNORM_ADDS_AVX2)
#include "target/avx2.hpp"
//
#include "given_kernels.hpp"  // NOLINT(readability-duplicate-include)
//
#include "target/end.hpp"  // NOLINT(readability-duplicate-include)
#endif

#if defined(BATCHNORM_ADDS_AVX512)
#include "target/avx512.hpp"
//
#include "given_kernels.hpp"  // NOLINT(readability-duplicate-include)
//
#include "target/end.hpp"  // NOLINT(readability-duplicate-include)
#endif

namespace batchnorm::detail {

/// What does `Call` in the instruction set that this process uses.
template <typename Call>
typename Call::Signature* kernel() {
#if defined(BATCHNORM_ADDS_AVX512)
  if (chosen_target() == Target::avx512) return &avx512::Entry<Call>::run;
#endif
#if defined(BATCHNORM_ADDS_AVX2)
  if (chosen_target() == Target::avx2) return &avx2::Entry<Call>::run;
#endif
  return &build::Entry<Call>::run;
}

/// The name of that set.
inline const char* kernels_target() {
#if defined(BATCHNORM_ADDS_AVX512)
  if (chosen_target() == Target::avx512) return avx512::target_name;
#endif
#if defined(BATCHNORM_ADDS_AVX2)
  if (chosen_target() == Target::avx2) return avx2::target_name;
#endif
  return build::target_name;
}

}  // namespace batchnorm::detail

#undef BATCHNORM_ADDS_AVX2
#undef BATCHNORM_ADDS_AVX512
