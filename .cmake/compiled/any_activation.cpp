// The part of batchnorm::compiled that no activation changes.

#include "compiled_call.hpp"

namespace batchnorm::detail {

const char* compiled_target() { return kernels_target(); }

namespace {

[[gnu::used]] constexpr auto of_any = compiled_calls<calls::MergeMoments, calls::UpdateRunning>();
[[gnu::used]] constexpr auto of_floats = calls_of_values<float>();
[[gnu::used]] constexpr auto of_doubles = calls_of_values<double>();
[[gnu::used]] constexpr auto of_bfloat16 = calls_of_values<Eigen::bfloat16>();
[[gnu::used]] constexpr auto of_half = calls_of_values<Eigen::half>();
[[gnu::used]] constexpr auto in_float = calls_of_parameters<float>();
[[gnu::used]] constexpr auto in_double = calls_of_parameters<double>();

}  // namespace

}  // namespace batchnorm::detail
