#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "inputs.hpp"

/// How far two right answers may be apart, derived from the roundings that each made, and computed
/// from the inputs alone.
namespace batchnorm_tests::pytorch {

/// Per channel, in `double`. `magnitude` is that of the terms whose sum the mean is: the mean of
/// |x| for a batch's, |mean| for one that was stored.
struct Statistics {
  std::vector<double> mean, variance, magnitude;
};

/// Mean and variance (divisor M) of the batch, two passes.
inline Statistics statistics_of(const Case& which, const std::vector<double>& x) {
  const auto channels = static_cast<std::size_t>(which.channels());
  const double count = static_cast<double>(x.size()) / static_cast<double>(channels);
  Statistics result{std::vector<double>(channels), std::vector<double>(channels),
                    std::vector<double>(channels)};
  for (std::size_t i = 0; i < x.size(); ++i) {
    result.mean[which.channel_of(i)] += x[i] / count;
    result.magnitude[which.channel_of(i)] += std::abs(x[i]) / count;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = which.channel_of(i);
    result.variance[c] += (x[i] - result.mean[c]) * (x[i] - result.mean[c]) / count;
  }
  return result;
}

/// Numbers of roundings, each of relative size `unit`, on the longest way to a result.
struct Roundings {
  double unit = 0;       ///< 2^-24 or 2^-53: half a unit in the last place, of the layer's type
  double output = 0;     ///< in y
  double gradient = 0;   ///< in dx, dgamma, dbeta
  double step = 0;       ///< in the running statistics, per training step
  bool of_mean = false;  ///< the mean that is subtracted was itself rounded to `unit`
};

/// Counts for a layer of the library and PyTorch's values, M values per channel.
///
/// The library: 4 for y, as promised; 8 for dx = gamma r (dy - sum / M - (x - mean) k): the inverse
/// deviation r, two differences, two products by r and gamma, and x - mean, k and their product. A
/// running statistic is rounded after the batch's own statistic was: 2.
/// PyTorch in the same type computes y = x alpha + (beta - mean alpha): mean, r, alpha, both
/// products, both sums, 6 of which can meet in one term; 8 for the same dx; 2. It rounds the mean.
/// PyTorch in `double` against `float` makes none that counts.
/// In `double` both round every addition of a sum as well: M at most. For `float` PyTorch sums in
/// `double`.
/// Statistics that a `float` layer took from a state in `double` were rounded to `float` first: 1.
inline Roundings roundings_of(bool double_layer, Precision precision, bool training, double count) {
  const double sum = double_layer ? count : 0;
  const double unit = std::ldexp(1.0, double_layer ? -53 : -24);
  const bool same = double_layer == (precision == Precision::twice);
  const double state = training ? 0 : 1;
  return same ? Roundings{unit, 4 + 6 + sum, 8 + 8 + sum, 2 + 2 + sum, true}
              : Roundings{unit, 4 + state, 8 + state, 2, !training};
}

/// Bounds of one pass. A result may be wrong by the number of roundings times the sum of the
/// magnitudes of its terms. Where the mean was rounded, x - mean is wrong by that too.
class Bounds {
 public:
  /// `through_statistics`: they are those of the batch, and the gradient flows through them.
  Bounds(const Case& which, const Batch& input, Statistics statistics, bool through_statistics,
         const Roundings& roundings)
      : which_(which),
        input_(input),
        statistics_(std::move(statistics)),
        roundings_(roundings),
        through_statistics_(through_statistics),
        scale_(gamma(which)),
        shift_(beta(which)),
        dy_(statistics_.mean.size()),
        product_(statistics_.mean.size()) {
    for (std::size_t i = 0; i < input.dy.size(); ++i) {
      dy_[which.channel_of(i)] += std::abs(input.dy[i]);
      product_[which.channel_of(i)] += centered(i) * std::abs(input.dy[i]);
    }
  }

  double y(std::size_t i) const {
    const std::size_t c = which_.channel_of(i);
    const double terms = slope(c) * (centered(i) + offset(c)) +
                         (shift_.empty() ? 0 : std::abs(shift_[c])) +
                         (which_.residual ? std::abs(input_.residual[i]) : 0);
    return roundings_.output * roundings_.unit * terms;
  }

  double dx(std::size_t i) const {
    const std::size_t c = which_.channel_of(i);
    const double terms = std::abs(input_.dy[i]) + (through_statistics_ ? statistics_terms(i) : 0);
    return roundings_.gradient * roundings_.unit * slope(c) * terms;
  }

  double dgamma(std::size_t c) const {
    return roundings_.gradient * roundings_.unit * inverse_deviation(c) *
           (product_[c] + offset(c) * dy_[c]);
  }

  double dbeta(std::size_t c) const { return roundings_.gradient * roundings_.unit * dy_[c]; }

 private:
  double centered(std::size_t i) const {
    return std::abs(input_.x[i] - statistics_.mean[which_.channel_of(i)]);
  }

  double offset(std::size_t c) const { return roundings_.of_mean ? statistics_.magnitude[c] : 0; }

  double inverse_deviation(std::size_t c) const {
    return 1 / std::sqrt(statistics_.variance[c] + which_.epsilon);
  }

  double slope(std::size_t c) const {
    return inverse_deviation(c) * (scale_.empty() ? 1 : std::abs(scale_[c]));
  }

  /// sum / M and (x - mean) k with k = r^2 / M sum((x - mean) dy); the rounded mean in either.
  double statistics_terms(std::size_t i) const {
    const std::size_t c = which_.channel_of(i);
    const double count =
        static_cast<double>(input_.x.size()) / static_cast<double>(which_.channels());
    const double k = inverse_deviation(c) * inverse_deviation(c) / count;
    return dy_[c] / count +
           k * ((centered(i) + offset(c)) * product_[c] + centered(i) * offset(c) * dy_[c]);
  }

  const Case& which_;
  const Batch& input_;
  Statistics statistics_;
  Roundings roundings_;
  bool through_statistics_;
  std::vector<double> scale_, shift_;
  std::vector<double> dy_, product_;  // sums of |dy| and of |x - mean| |dy|
};

/// Bound of the running statistics: all their values so far are averages of what was seen, so an
/// error per step of the largest of them is the most that can have gathered.
class RunningBound {
 public:
  RunningBound(double initial, std::size_t channels) : peak_(channels, initial) {}

  /// Takes in the magnitudes of a batch's statistic.
  void see(const std::vector<double>& values) {
    ++steps_;
    for (std::size_t c = 0; c < peak_.size(); ++c) {
      peak_[c] = std::max(peak_[c], values[c]);
    }
  }

  double operator()(std::size_t c, const Roundings& roundings) const {
    return steps_ * roundings.step * roundings.unit * peak_[c];
  }

 private:
  std::vector<double> peak_;
  double steps_ = 0;
};

}  // namespace batchnorm_tests::pytorch
