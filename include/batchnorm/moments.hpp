#pragma once

#include <utility>

#include "detail/arguments/misuse.hpp"
#include "detail/arguments/policy_set.hpp"
#include "detail/arguments/shape_checks.hpp"
#include "detail/kernels/reduce/batch_moments.hpp"

namespace batchnorm {

/// Count, mean and sum of squared deviations of the values of each channel: the one mergeable value
/// behind batches, chunks, threads and ranks. A default-constructed one is the identity of `merge`;
/// what is empty merges to nothing.
struct Moments {
  Index count = 0;        ///< values per channel, M
  Eigen::ArrayXd mean{};  ///< one per channel
  Eigen::ArrayXd m2{};    ///< sum of (x - mean)^2, one per channel

  /// Makes this the moments of both sets of values (Chan, Golub and LeVeque 1983). Throws
  /// `std::invalid_argument` if both have values but not the same number of channels.
  void merge(const Moments& other) {
    if (count != 0 && other.count != 0 && mean.size() != other.mean.size()) {
      detail::refuse("merge: expected moments of ", mean.size(), " channels, got ",
                     other.mean.size(), ".");
    }
    if (count == 0) {
      mean = other.mean;
      m2 = other.m2;
    } else {
      detail::merge_moments(mean.size(), count, mean.data(), m2.data(), other.count,
                            other.mean.data(), other.m2.data());
    }
    count += other.count;
  }

  /// Divisor M: what normalises a batch. NaN without values.
  Eigen::ArrayXd variance() const { return m2 / static_cast<double>(count); }

  /// Divisor M - 1: what PyTorch's running variance holds. NaN with fewer than two values.
  Eigen::ArrayXd unbiased_variance() const { return m2 / static_cast<double>(count - 1); }
};

namespace detail {

template <typename Axis, typename Executor, typename X>
Moments moments_of(const Executor& executor, const X& x) {
  using Scalar =
      std::conditional_t<std::is_same_v<typename ArgumentOf<X>::Scalar, double>, double, float>;
  if constexpr (check_readable<PolicySet<Scalar, Train, Axis>, Scalar, X>()) {
    std::array<View<const Scalar>, 1> views{read_view(x, Axis::axis(ArgumentOf<X>::rank))};
    const LoopOrder order = arrange(views[0]);
    const Index channels = views[0].channels;
    Moments result{views[0].count(), Eigen::ArrayXd::Zero(channels),
                   Eigen::ArrayXd::Zero(channels)};
    SumsWorkspace workspace;
    if (result.count > 0) {
      batch_moments(executor, views[0], order, workspace, result.mean.data(), result.m2.data());
    }
    return result;
  } else {
    return {};
  }
}

}  // namespace detail

/// The moments of x, as a training forward takes them: exact like double at the speed of x's
/// scalar, with the same bits on every number of threads. x has rank 2 to 5 and storage; `Axis`
/// says where its channels are.
template <AxisPolicy Axis = ChannelsFirst, NotADevice X>
Moments moments(const X& x) {
  return detail::moments_of<Axis>(detail::SerialExecutor{}, x);
}

/// The same on a device, with the same bits.
template <AxisPolicy Axis = ChannelsFirst, ExecutionDevice Device, typename X>
Moments moments(const Device& device, const X& x) {
  return detail::moments_of<Axis>(detail::executor_for(device), x);
}

}  // namespace batchnorm
