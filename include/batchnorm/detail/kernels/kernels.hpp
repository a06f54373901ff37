#pragma once

#include "target/target.hpp"

// All that computes: two primitives, reduce/ and transform/, which loop over views; formulas/
// between them, per channel; packet/ below them; and calls.hpp, which a call is made of. Training
// forward is reduce, formulas, transform; inference is transform; backward is reduce, formulas,
// transform.
//
// What calls.hpp includes, and has guards in the place of `#pragma once`, is compiled once per
// instruction set (target/), in a namespace of its own: BATCHNORM_TARGET.
// In: views that were checked.
// Out: moments, sums, and elements written.
#include "target/build.hpp"
//
#include "calls.hpp"
//
namespace batchnorm::detail {
namespace build = BATCHNORM_TARGET;
}
#include "target/end.hpp"

#if defined(BATCHNORM_ADDS_AVX2)
#include "target/avx2.hpp"
//
#include "calls.hpp"  // NOLINT(readability-duplicate-include)
//
#include "target/end.hpp"  // NOLINT(readability-duplicate-include)
#endif

namespace batchnorm::detail {

/// Calls `call(kernels)` with those of the instruction set that this process uses.
template <typename Call>
decltype(auto) with_kernels(const Call& call) {
#if defined(BATCHNORM_ADDS_AVX2)
  if (uses_avx2_kernels()) return call(avx2::Kernels{});
#endif
  return call(build::Kernels{});
}

/// Fills all of `k` from running statistics; `gamma` and `beta` may be null.
template <typename Scalar>
void prepare_from_running(const Eigen::VectorXd& mean, const Eigen::VectorXd& variance,
                          const Scalar* gamma, const Scalar* beta, double epsilon,
                          ChannelCoefficients<Scalar>& k) {
  k.resize(mean.size());
  const Statistics<Scalar> running{mean.data(), nullptr, variance.data(), 1, gamma, beta, epsilon};
  with_kernels([&](auto kernels) { kernels.prepare_coefficients(running, {0, mean.size()}, k); });
}

}  // namespace batchnorm::detail

#undef BATCHNORM_ADDS_AVX2
