#pragma once

#include <Eigen/Core>

#include "detail/kernels/kernels.hpp"
#include "detail/refusal/count.hpp"
#include "view.hpp"

namespace batchnorm {

/// Count, mean and sum of squared deviations of the values of each channel: the one mergeable value
/// behind batches, chunks, threads and ranks. A default-constructed one is the identity of `merge`;
/// what is empty merges to nothing.
struct Moments {
  double count = 0.0;     ///< values per channel, M, or the sum of their weights
  Eigen::ArrayXd mean{};  ///< one per channel, rounded
  Eigen::ArrayXd m2{};    ///< sum of (x - mean)^2, one per channel
  /// What `mean` leaves out, one per channel, or empty for nothing: the mean is mean + mean_low.
  /// With it a merge keeps the digits of a variance whose mean is many deviations.
  Eigen::ArrayXd mean_low{};

  /// Makes this the moments of both sets of values (Chan, Golub and LeVeque 1983). Throws
  /// `std::invalid_argument` if both have values but not the same number of channels, or if one of
  /// them is incomplete.
  void merge(const Moments& other) {
    check();
    other.check();
    if (count != 0.0 && other.count != 0.0 && mean.size() != other.mean.size()) {
      detail::refuse("merge: expected moments of ", mean.size(), " channels, got ",
                     other.mean.size(), ".");
    }
    if (count == 0.0) {
      *this = other;
    } else if (other.count != 0.0) {
      merge_values(other);
    }
  }

  /// Divisor M: what normalises a batch. NaN without values.
  [[nodiscard]] Eigen::ArrayXd variance() const { return m2 / count; }

  /// Divisor M - 1: what PyTorch's running variance holds. NaN with fewer than two values.
  [[nodiscard]] Eigen::ArrayXd unbiased_variance() const { return m2 / (count - 1.0); }

 private:
  /// Refuses what is incomplete; what is empty may be.
  void check() const {
    if (!detail::is_count(count)) {
      detail::refuse("merge: expected a count of at least 0, got ", count,
                     "; was it read as another type?");
    }
    const bool low_fits = mean_low.size() == 0 || mean_low.size() == mean.size();
    if (count == 0.0 || (m2.size() == mean.size() && low_fits)) return;
    detail::refuse(
        "merge: expected a value per channel in mean and m2, and in mean_low or none, got ",
        mean.size(), ", ", m2.size(), " and ", mean_low.size(),
        "; was a field left out on the way?");
  }

  void merge_values(const Moments& other) {
    if (mean_low.size() == 0) mean_low.setZero(mean.size());
    const detail::ChannelMoments own{mean.data(), mean_low.data(), m2.data()};
    detail::run_kernel<detail::calls::MergeMoments>(mean.size(), count, own, other.count,
                                                    other.given());
    count += other.count;
  }

  detail::GivenMoments given() const {
    return {mean.data(), mean_low.size() == 0 ? nullptr : mean_low.data(), m2.data()};
  }
};

}  // namespace batchnorm
