#pragma once

#include <utility>

#include "calls.hpp"
#if !defined(BATCHNORM_COMPILED)
#include "passes.hpp"
#include "running.hpp"
#include "weighted_passes.hpp"
#endif

// This room is the steps of a training layer, which it takes without knowing modes and policies:
// forward and backward over as many channels at a time as stay near, and the running statistics.
// In: views that were checked, and what the layer has learnt.
// Out: results in the views, and what the layer keeps of them.
namespace batchnorm::detail {

#if defined(BATCHNORM_COMPILED)
inline namespace linked {

/// Does `Call`.
template <typename Call, typename... Arguments>
void run_step(Arguments&&... arguments) {
  run_kernel<Call>(std::forward<Arguments>(arguments)...);
}

}  // namespace linked
#else
/// Does `Call`.
template <typename Call, typename... Arguments>
void run_step(Arguments&&... arguments) {
  Step<Call>::run(std::forward<Arguments>(arguments)...);
}
#endif

}  // namespace batchnorm::detail
