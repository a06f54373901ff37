#pragma once

#include <algorithm>
#include <array>

#include "../order/weights.hpp"
#include "../refusal/refusal.hpp"

namespace batchnorm::detail {

/// Some of the weights of a call, by which a later call tells others from them; none before.
template <typename Scalar>
class WeightProbes {
 public:
  template <typename Data>
  void take(const Weights<Scalar>& weights, const View<const Data>& x) {
    used_ = places(x);
    for (Index k = 0; k < used_; ++k) value(k) = at(weights, x, k);
  }

  void forget() { used_ = 0; }

  /// Refuses other weights than those that were taken, if any were.
  template <typename Data>
  void check(const Weights<Scalar>& weights, const View<const Data>& x) const {
    if (used_ == 0) return;
    bool same = used_ == places(x);
    for (Index k = 0; k < used_ && same; ++k) same = value(k) == at(weights, x, k);
    if (!same) {
      refuse(
          "backward got other sample weights than the call before it of the same pass; give all ",
          "of them the same.");
    }
  }

  /// Refuses a call without weights behind one with them.
  void check_none() const {
    if (used_ == 0) return;
    refuse("backward misses the sample weights that its gradient sums had; give both the same.");
  }

 private:
  static constexpr Index most = 64;

  template <typename Data>
  static Index places(const View<const Data>& x) {
    return std::min(x.count(), most);
  }

  template <typename Data>
  static Scalar at(const Weights<Scalar>& weights, const View<const Data>& x, Index k) {
    const Index position = k * x.count() / places(x);
    return *weights.at(position / x.inner, position % x.inner);
  }

  Scalar& value(Index k) { return values_[static_cast<std::size_t>(k)]; }
  const Scalar& value(Index k) const { return values_[static_cast<std::size_t>(k)]; }

  Index used_ = 0;
  std::array<Scalar, std::size_t{most}> values_{};
};

}  // namespace batchnorm::detail
