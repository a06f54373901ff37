#pragma once

#include "calls.hpp"

// All that computes: two primitives, reduce/ and transform/, which loop over views; formulas/
// between them, per channel; and packet/ below them. Training forward is reduce, formulas,
// transform; inference is transform; backward is reduce, formulas, transform. The layer asks for
// them by calls.hpp alone.
// In: views that were checked.
// Out: moments, sums, and elements written.
#if defined(BATCHNORM_COMPILED)
#include "compiled.hpp"
#else
#include "chosen.hpp"
#endif

namespace batchnorm::detail {

#if defined(BATCHNORM_COMPILED)
// The library has functions of these names, which do not call it.
inline namespace linked {

template <typename Call>
typename Call::Signature* kernel() {
  static_assert(is_compiled<Call>,
                "batchnorm: the library batchnorm::compiled has no kernels for this activation, "
                "one of your own, another slope, or of 16 bits another than ReLU: link "
                "batchnorm::batchnorm, which compiles them here.");
  return compiled_call<Call>();
}

inline const char* kernels_target() { return compiled_target(); }
#endif

/// Does `Call` by the kernels of the instruction set that this process uses.
template <typename Call, typename... Arguments>
void run_kernel(Arguments&&... arguments) {
  kernel<Call>()(std::forward<Arguments>(arguments)...);
}

/// Fills all of `k` from running statistics; `gamma` and `beta` may be null.
template <typename Scalar>
void prepare_from_running(Index channels, const double* mean, const double* variance,
                          const Scalar* gamma, const Scalar* beta, double epsilon,
                          ChannelCoefficients<Scalar>& k) {
  k.resize(channels);
  const Statistics<Scalar> running{mean, nullptr, variance, 1, gamma, beta, epsilon};
  run_kernel<calls::PrepareCoefficients<Scalar>>(running, ChannelRange{0, channels}, k);
}

#if defined(BATCHNORM_COMPILED)
}  // namespace linked
#endif

}  // namespace batchnorm::detail
