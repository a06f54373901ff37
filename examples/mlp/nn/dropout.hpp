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
    const auto kept = static_cast<Factor>(1 / (1 - probability_));
    factors_.resize(x.rows(), x.cols());
    for (Factor& factor : factors_.template reshaped<Eigen::RowMajor>()) {
      factor = random_.uniform() < probability_ ? Factor(0) : kept;
    }
    scale(x, y);
  }

  /// Follows `forward` with the same x, of which the last one dropped what it did.
  void backward(const Device&, const Matrix<Scalar>& /*x*/, const Matrix<Scalar>& dy,
                Matrix<Scalar>& dx) const {
    scale(dy, dx);
  }

 private:
  using Factor = ArithmeticOf<Scalar>;

  void scale(const Matrix<Scalar>& from, Matrix<Scalar>& into) const {
    into = from.template cast<Factor>().cwiseProduct(factors_).template cast<Scalar>();
  }

  double probability_;
  Random random_;
  Matrix<Factor> factors_;
};

}  // namespace nn
