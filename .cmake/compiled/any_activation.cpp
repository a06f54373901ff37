// The part of batchnorm::compiled that no activation changes.

#include "compiled_call.hpp"

namespace batchnorm::detail {

const char* compiled_target() { return kernels_target(); }

namespace {

[[gnu::used]] constexpr auto of_any = compiled_calls<calls::MergeMoments, calls::UpdateRunning>();
[[gnu::used]] constexpr auto of_float = calls_of_scalar<float>();
[[gnu::used]] constexpr auto of_double = calls_of_scalar<double>();

}  // namespace

}  // namespace batchnorm::detail
