#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <type_traits>

#include "detail/refusal/refusal.hpp"
#include "scalar.hpp"

namespace batchnorm {

/// All that a layer has learnt, as plain values: what a file or another library would hold. Every
/// vector has one entry per channel, or none where the layer's policies have no such value; all
/// are finite, unless the layer's options say `NonFinite::propagate`. `Scalar` is that of the
/// parameters, float or double: layers of 16 bits have a `State<float>`. With `Most`, vectors of at
/// most so many entries lie within it, and need no heap: what layers of `Channels<Most>` have.
template <typename Scalar, int Most = Eigen::Dynamic>
struct State {
  static_assert(!has_16_bits<std::remove_cv_t<Scalar>>,
                "batchnorm: the state of a layer of 16 bits is State<float>.");

  /// One value of any type per channel.
  template <typename T>
  using PerChannel = Eigen::Matrix<T, Eigen::Dynamic, 1, Eigen::ColMajor, Most, 1>;
  /// One value per channel.
  using Vector = PerChannel<std::remove_cv_t<Scalar>>;

  Vector gamma{};  ///< learnt scale
  Vector beta{};   ///< learnt shift
  /// Running statistics are double whatever the scalar: an average in float stands still within
  /// 6e-8 * mean / weight of its goal.
  PerChannel<double> running_mean{};
  PerChannel<double> running_variance{};  ///< at least 0
  std::int64_t batches = 0;               ///< training batches seen, at least 0
  /// Per channel, how many of the batches were rejected because they were not finite; empty means
  /// none.
  PerChannel<std::int64_t> rejected{};
  /// Per channel, how many values the running statistics are of, where `pooled()` merges by them;
  /// empty where it does not, or has seen none.
  PerChannel<double> values{};

  /// The same values in vectors of another kind. Throws `std::invalid_argument` where these have no
  /// room for them.
  template <int Other>
  requires(Other != Most) operator State<Scalar, Other>() const {  // NOLINT
    for (const Eigen::Index size : {gamma.size(), beta.size(), running_mean.size()}) {
      if (Other != Eigen::Dynamic && size > Other)
        detail::refuse("a State<Scalar, ", Other, "> has room for ", Other, " channels, got ", size,
                       ".");
    }
    return {gamma, beta, running_mean, running_variance, batches, rejected, values};
  }
};

}  // namespace batchnorm
