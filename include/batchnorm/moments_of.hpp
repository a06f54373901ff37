#pragma once

#include <type_traits>

#include "detail/arguments/make_view.hpp"
#include "detail/arguments/misuse.hpp"
#include "detail/arguments/policy_set.hpp"
#include "detail/steps/sums.hpp"
#include "moments.hpp"

namespace batchnorm {
namespace detail {

template <typename Axis, typename X>
Moments moments_of(const Executor& executor, const X& x) {
  using Given = typename ArgumentOf<X>::Scalar;
  using Scalar =
      std::conditional_t<std::is_same_v<Given, double> || has_16_bits<Given>, Given, float>;
  Moments result;
  if constexpr (check_readable<PolicySet<Scalar, Train, Axis>, Scalar, X>()) {
    SumsWorkspace workspace;
    take_moments(executor, read_view(x, Axis::axis(ArgumentOf<X>::rank)), NonFinite::propagate,
                 workspace, result);
  }
  return result;
}

}  // namespace detail

/// The moments of x, as a training forward takes them: exact like double at the speed of x's
/// scalar, with the same bits on every number of threads. x has rank 2 to 5 and storage; `Axis`
/// says where its channels are.
template <AxisPolicy Axis = ChannelsFirst, NotADevice X>
[[nodiscard]] Moments moments(const X& x) {
  return detail::moments_of<Axis>(detail::Executor{}, x);
}

/// The same on a device, with the same bits.
template <AxisPolicy Axis = ChannelsFirst, ExecutionDevice Device, typename X>
[[nodiscard]] Moments moments(const Device& device, const X& x) {
  return detail::moments_of<Axis>(detail::Executor(device), x);
}

}  // namespace batchnorm
