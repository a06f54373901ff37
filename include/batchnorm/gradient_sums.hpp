#pragma once

#include <Eigen/Core>

#include "detail/refusal/refusal.hpp"
#include "view.hpp"

namespace batchnorm {

/// What backward sums per channel, and what dx and the gradients of gamma and beta are made of: the
/// counterpart of `Moments`. With g the gradient of the loss with respect to what enters the
/// activation, and x_hat the normalised value. Those of several parts are merged by addition. A
/// default-constructed one is the identity of `merge`; what is empty merges to nothing.
struct GradientSums {
  Index count = 0;           ///< values per channel
  Eigen::ArrayXd sum{};      ///< sum of g, one per channel: the gradient of beta
  Eigen::ArrayXd product{};  ///< sum of g * x_hat, one per channel: the gradient of gamma

  /// Makes this the sums of both parts. Throws `std::invalid_argument` if both have values but not
  /// the same number of channels, or if one of them is incomplete.
  void merge(const GradientSums& other) {
    check();
    other.check();
    if (count != 0 && other.count != 0 && sum.size() != other.sum.size()) {
      detail::refuse("merge: expected gradient sums of ", sum.size(), " channels, got ",
                     other.sum.size(), ".");
    }
    if (count == 0) {
      *this = other;
    } else if (other.count != 0) {
      count += other.count;
      sum += other.sum;
      product += other.product;
    }
  }

 private:
  /// Refuses what is incomplete; what is empty may be.
  void check() const {
    if (count < 0) {
      detail::refuse("merge: expected a count of at least 0, got ", count,
                     "; was it read as another type?");
    }
    if (count == 0 || sum.size() == product.size()) return;
    detail::refuse("merge: expected a value per channel in sum and product, got ", sum.size(),
                   " and ", product.size(), "; was a field left out on the way?");
  }
};

}  // namespace batchnorm
