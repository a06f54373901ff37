#pragma once

#include <concepts>
#include <type_traits>

#include "detail/refusal/refusal.hpp"

namespace batchnorm {

/// How much a batch moves the running statistics: `running = old_weight * running + new_weight *
/// batch`. Keras and ONNX call the weight of the old value momentum (0.9), PyTorch that of the new
/// one (0.1): hence no conversion from a number. Made by `decay`, `new_weight`, `cumulative` and
/// `pooled`.
class Momentum {
 public:
  /// Does not compile: the number may be the weight of the old value or of the new one.
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  constexpr Momentum(Number /*ambiguous*/) {  // NOLINT(google-explicit-constructor)
    static_assert(!std::is_arithmetic_v<Number>,
                  "batchnorm: a bare number is ambiguous as momentum: the 0.9 of Keras and ONNX is "
                  "decay(0.9), the weight of the old value; the 0.1 of PyTorch is new_weight(0.1), "
                  "the weight of the new value.");
  }

  /// Weight of the running value when the `accepted`-th batch (from 1) enters; in [0, 1]. Of
  /// `pooled()`, where all batches have one size.
  constexpr double old_weight(double accepted) const {
    return kind_ == Kind::constant ? old_weight_ : 1.0 - 1.0 / accepted;
  }

  /// Weight of the batch's value when the `accepted`-th batch (from 1) enters; in [0, 1]. Of
  /// `pooled()`, where all batches have one size.
  constexpr double new_weight(double accepted) const {
    return kind_ == Kind::constant ? new_weight_ : 1.0 / accepted;
  }

  /// Whether every accepted batch weighs the same.
  constexpr bool is_cumulative() const { return kind_ == Kind::cumulative; }

  /// Whether every accepted value weighs the same.
  constexpr bool is_pooled() const { return kind_ == Kind::pooled; }

  /// Whether both give every batch the same weight.
  constexpr bool operator==(const Momentum&) const = default;

 private:
  enum class Kind {
    constant,    ///< every batch has the same weight for the running value
    cumulative,  ///< every batch weighs the same
    pooled       ///< every value weighs the same
  };

  constexpr Momentum(double old_weight, double new_weight, Kind kind)
      : old_weight_(old_weight), new_weight_(new_weight), kind_(kind) {}

  friend constexpr Momentum decay(double weight);
  friend constexpr Momentum new_weight(double weight);
  friend constexpr Momentum cumulative();
  friend constexpr Momentum pooled();

  double old_weight_ = 0.0;
  double new_weight_ = 1.0;
  Kind kind_ = Kind::constant;
};

/// Momentum by the weight of the old value, in [0, 1]: 0.9 here is PyTorch's 0.1. Throws
/// `std::invalid_argument` for other weights.
constexpr Momentum decay(double weight) {
  if (!(weight >= 0.0 && weight <= 1.0)) {
    detail::refuse("decay expects the weight of the old value in [0, 1], got ", weight, ".");
  }
  return {weight, 1.0 - weight, Momentum::Kind::constant};
}

/// Momentum by the weight of the new value, in [0, 1]: 0.1 here is Keras' and ONNX's 0.9. Throws
/// `std::invalid_argument` for other weights.
constexpr Momentum new_weight(double weight) {
  if (!(weight >= 0.0 && weight <= 1.0)) {
    detail::refuse("new_weight expects the weight of the new value in [0, 1], got ", weight, ".");
  }
  return {1.0 - weight, weight, Momentum::Kind::constant};
}

/// Every accepted batch weighs the same: the running statistics are the plain mean over batches.
constexpr Momentum cumulative() { return {0.0, 1.0, Momentum::Kind::cumulative}; }

/// Every accepted value weighs the same: the running statistics are mean and variance of all values
/// seen, batches of any sizes and what lies between their means included (Chan, Golub and LeVeque
/// 1983). The values that a new layer begins with do not count.
constexpr Momentum pooled() { return {0.0, 1.0, Momentum::Kind::pooled}; }

}  // namespace batchnorm
