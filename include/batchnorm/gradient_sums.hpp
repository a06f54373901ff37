#pragma once

#include <Eigen/Core>

#include "detail/refusal/count.hpp"
#include "view.hpp"

namespace batchnorm {

/// What backward sums per channel, and what dx and the gradients of gamma and beta are made of: the
/// counterpart of `Moments`. With g the gradient of the loss with respect to what enters the
/// activation, and x_hat the normalised value. Those of several parts are merged by addition. A
/// default-constructed one is the identity of `merge`; what is empty merges to nothing.
struct GradientSums {
  double count = 0.0;        ///< values per channel, or the sum of their weights
  Eigen::ArrayXd sum{};      ///< sum of g, one per channel: the gradient of beta
  Eigen::ArrayXd product{};  ///< sum of g * x_hat, one per channel: the gradient of gamma

  /// Makes this the sums of both parts. Throws `std::invalid_argument` if both have values but not
  /// the same number of channels, or if one of them is incomplete.
  void merge(const GradientSums& other) {
    check();
    other.check();
    const bool both = !is_empty() && !other.is_empty();
    if (both && sum.size() != other.sum.size()) {
      detail::refuse("merge: expected gradient sums of ", sum.size(), " channels, got ",
                     other.sum.size(), ".");
    }
    if (is_empty()) {
      if (other.sum.size() > 0) *this = other;
    } else if (both) {
      count += other.count;
      sum += other.sum;
      product += other.product;
    }
  }

 private:
  /// What weighs nothing may have gradients.
  bool is_empty() const { return count == 0.0 && (sum == 0.0).all() && (product == 0.0).all(); }

  /// Refuses what is incomplete; what is empty may be.
  void check() const {
    if (!detail::is_count(count)) {
      detail::refuse("merge: expected a count of at least 0, got ", count,
                     "; was it read as another type?");
    }
    if (is_empty() || sum.size() == product.size()) return;
    detail::refuse("merge: expected a value per channel in sum and product, got ", sum.size(),
                   " and ", product.size(), "; was a field left out on the way?");
  }
};

}  // namespace batchnorm
