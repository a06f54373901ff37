#pragma once

#include <algorithm>
#include <cmath>

#include "../../options.hpp"
#include "../order/channels.hpp"

namespace batchnorm::detail {

/// The running statistics before a batch, which it is compared with; null where it is not.
struct RunningBefore {
  const double* mean = nullptr;
  const double* variance = nullptr;
};

/// r and d of every channel (Ioffe 2017, arXiv 1702.03275, algorithm 1), which backward takes as
/// constants: y = gamma * (r * x_hat + d) + beta. Empty for 1 and 0.
struct Renormalizer {
  ChannelArray<double> r;
  ChannelArray<double> d;
  ChannelArray<double> gamma_sum;  ///< sum of g * (r * x_hat + d): the gradient of gamma

  explicit Renormalizer(const Source& source) : r(source), d(source), gamma_sum(source) {}

  bool is_on() const { return r.size() > 0; }
  const double* r_or_null() const { return is_on() ? r.data() : nullptr; }
  const double* d_or_null() const { return is_on() ? d.data() : nullptr; }

  void resize(Index channels) {
    for (auto* values : {&r, &d}) values->resize(channels);
  }

  /// Of a range of channels of a batch, whose variance is m2 * share. A channel that never varied
  /// says nothing.
  void compare(const ChannelRange& range, const double* mean, const double* m2, double share,
               const RunningBefore& running, const Options& options) {
    const auto [r_max, d_max] = options.renormalization;
    for (Index c = range.begin; c < range.end; ++c) {
      const double deviation = std::sqrt(running.variance[c] + options.epsilon);
      const double of_batch = std::sqrt(m2[c] * share + options.epsilon);
      const double distance = mean[c] - running.mean[c];
      r[c] = deviation > 0.0 ? std::clamp(of_batch / deviation, 1.0 / r_max, r_max) : 1.0;
      d[c] = deviation > 0.0 ? std::clamp(distance / deviation, -d_max, d_max) : 0.0;
    }
  }

  /// The gradient of gamma, from the sums of g and of g * x_hat.
  const double* gamma_gradient(const double* sum, const double* product) {
    gamma_sum.resize(r.size());
    for (Index c = 0; c < r.size(); ++c) gamma_sum[c] = r[c] * product[c] + d[c] * sum[c];
    return gamma_sum.data();
  }
};

}  // namespace batchnorm::detail
