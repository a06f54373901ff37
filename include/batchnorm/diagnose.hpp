#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "detail/diagnosis/diagnosis.hpp"
#include "detail/refusal/refusal.hpp"
#include "diagnosis.hpp"
#include "layer.hpp"
#include "moments.hpp"
#include "options.hpp"
#include "policies.hpp"
#include "state.hpp"

// How a layer is. Opt-in: batchnorm.hpp does not include this header.
namespace batchnorm {
namespace detail {

/// With the divisor of the running variance; a single value has variance 0.
inline Eigen::ArrayXd variance_as_observed(const Moments& moments, const Options& options) {
  return options.running_variance == RunningVariance::unbiased && moments.count > 1.0
             ? moments.unbiased_variance()
             : moments.variance();
}

inline void check_data(const Diagnosis& diagnosis, const Moments& moments) {
  if (!(moments.count > 0.0)) {
    refuse("diagnose: expected moments of data, got those of ", moments.count,
           " values; are they of a layer's input, as moments(x) takes them?");
  }
  if (moments.mean.size() != diagnosis.channels() || moments.m2.size() != diagnosis.channels()) {
    refuse("diagnose: expected moments of ", diagnosis.channels(), " channels, got ",
           moments.mean.size(), " means and ", moments.m2.size(), " variances.");
  }
}

/// Whether running statistics are those of a new layer, which no batch has moved.
template <typename Scalar>
bool is_start(const State<Scalar>& state) {
  return (state.running_mean.array() == 0.0).all() && (state.running_variance.array() == 1.0).all();
}

/// Refuses a state without running statistics, or with vectors of several sizes.
template <typename Scalar>
void check_tells_of(const State<Scalar>& state) {
  const Eigen::Index channels = state.running_variance.size();
  if (channels == 0 || state.running_mean.size() != channels) {
    refuse("diagnose: expected running statistics, got ", state.running_mean.size(), " means and ",
           channels, " variances; a layer without them has nothing to tell.");
  }
  for (const Eigen::Index size : {state.gamma.size(), state.beta.size(), state.rejected.size()}) {
    if (size == 0 || size == channels) continue;
    refuse("diagnose: expected vectors of ", channels, " channels, got one of ", size, ".");
  }
  const bool counts = state.batches >= 0 && (state.rejected.array() >= 0).all() &&
                      (state.rejected.array() <= state.batches).all();
  if (!counts) {
    refuse("diagnose: expected counts of at least 0, and no more rejected batches than batches.");
  }
}

template <typename... Policies>
constexpr void check_tells() {
  static_assert(!(std::is_same_v<Policies, NoRunningStatistics> || ...),
                "batchnorm: diagnose tells how running statistics are, and this layer keeps none.");
}

}  // namespace detail

/// How a layer of this state and these options is, whatever its type: also what a file holds. The
/// momentum must be the one it was trained with. A file that counts no batches, as Keras' and ONNX,
/// does not tell what is left of the start, nor of how many batches its statistics are. Throws
/// `std::invalid_argument` where the state has no running statistics.
template <typename Scalar>
[[nodiscard]] Diagnosis diagnose(const State<Scalar>& state, const Options& options,
                                 const DiagnosisLimits& limits = {}) {
  detail::check_tells_of(state);
  const Eigen::Index channels = state.running_variance.size();
  Diagnosis result{.batches = state.batches, .epsilon = options.epsilon, .limits = limits};
  result.is_counted = state.batches > 0 || detail::is_start(state);
  const auto batches = result.is_counted ? static_cast<double>(state.batches)
                                         : std::numeric_limits<double>::quiet_NaN();
  const Eigen::ArrayXd rejected = state.rejected.size() == 0
                                      ? Eigen::ArrayXd::Zero(channels)
                                      : state.rejected.template cast<double>().array().eval();
  const Eigen::ArrayXd accepted = batches - rejected;
  result.start_left = accepted.unaryExpr(
      [&](double count) { return detail::share_of_start(options.momentum, count); });
  result.effective_batches = accepted.unaryExpr(
      [&](double count) { return detail::effective_batches(options.momentum, count); });
  result.rejected = rejected / std::fmax(static_cast<double>(state.batches), 1.0);
  result.mean = state.running_mean;
  result.variance = state.running_variance;
  result.gamma = state.gamma.template cast<double>();
  result.beta = state.beta.template cast<double>();
  return result;
}

/// The same beside fresh data, whose moments `moments(x)` or `norm.moments(x)` take: merge as many
/// batches as show what the layer will meet. They tell a channel that is seldom active from a dead
/// one.
template <typename Scalar>
[[nodiscard]] Diagnosis diagnose(const State<Scalar>& state, const Options& options,
                                 const Moments& moments, const DiagnosisLimits& limits = {}) {
  Diagnosis result = diagnose(state, options, limits);
  detail::check_data(result, moments);
  const Eigen::ArrayXd deviation = (result.variance + options.epsilon).sqrt();
  Eigen::ArrayXd distance = moments.mean - state.running_mean.array();
  if (moments.mean_low.size() == distance.size()) distance += moments.mean_low;
  result.mean_drift = distance / deviation;
  result.data_variance = detail::variance_as_observed(moments, options);
  result.variance_ratio =
      (result.data_variance + options.epsilon) / (result.variance + options.epsilon);
  return result;
}

/// The same of a state whose vectors lie within it.
template <typename Scalar, int Most>
requires(Most != Eigen::Dynamic) [[nodiscard]] Diagnosis
    diagnose(const State<Scalar, Most>& state, const Options& options,
             const DiagnosisLimits& limits = {}) {
  return diagnose(State<Scalar>(state), options, limits);
}

/// The same of it beside fresh data.
template <typename Scalar, int Most>
requires(Most != Eigen::Dynamic) [[nodiscard]] Diagnosis
    diagnose(const State<Scalar, Most>& state, const Options& options, const Moments& moments,
             const DiagnosisLimits& limits = {}) {
  return diagnose(State<Scalar>(state), options, moments, limits);
}

/// How a layer is: of every channel how much of the start values is left, how many batches its
/// running statistics are of, whether it is dead, has lost batches, or has a gamma next to 0. In
/// any mode, of a layer that keeps running statistics.
template <typename Scalar, typename Mode, typename... Policies>
[[nodiscard]] Diagnosis diagnose(const BatchNorm<Scalar, Mode, Policies...>& norm,
                                 const DiagnosisLimits& limits = {}) {
  detail::check_tells<Policies...>();
  return diagnose(State<ArithmeticOf<Scalar>>(norm.state()), norm.options(), limits);
}

/// The same beside fresh data.
template <typename Scalar, typename Mode, typename... Policies>
[[nodiscard]] Diagnosis diagnose(const BatchNorm<Scalar, Mode, Policies...>& norm,
                                 const Moments& moments, const DiagnosisLimits& limits = {}) {
  detail::check_tells<Policies...>();
  return diagnose(State<ArithmeticOf<Scalar>>(norm.state()), norm.options(), moments, limits);
}

}  // namespace batchnorm
