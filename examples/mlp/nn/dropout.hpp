#pragma once

#include "nn/matrix.hpp"
#include "nn/random.hpp"

namespace nn {

/// Dropout (Srivastava et al. 2014), for training: a value is 0 with the given probability p, and
/// multiplied by 1 / (1 - p) otherwise, so that its expectation is what it would be without.
template <typename Scalar>
class Dropout {
 public:
  /// 0 <= probability < 1
  Dropout(double probability, Random random) : probability_(probability), random_(random) {}

  void forward(const Device&, const Matrix<Scalar>& x, Matrix<Scalar>& y) {
    const auto kept = static_cast<Scalar>(1 / (1 - probability_));
    factors_.resize(x.rows(), x.cols());
    for (Scalar& factor : factors_.template reshaped<Eigen::RowMajor>()) {
      factor = random_.uniform() < probability_ ? Scalar(0) : kept;
    }
    y = x.cwiseProduct(factors_);
  }

  /// Follows `forward` with the same x, of which the last one dropped what it did.
  void backward(const Device&, const Matrix<Scalar>& /*x*/, const Matrix<Scalar>& dy,
                Matrix<Scalar>& dx) const {
    dx = dy.cwiseProduct(factors_);
  }

 private:
  double probability_;
  Random random_;
  Matrix<Scalar> factors_;
};

}  // namespace nn
