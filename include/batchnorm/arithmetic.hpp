#pragma once

#include <cmath>
#include <numbers>
#include <type_traits>

namespace batchnorm {

// What an activation is written with. Every function takes a value and a packet of values alike,
// and gives a result of the same type. What a layer gives an activation is computed by the
// instruction set that calls it; a plain number as the flags of its own file have it.

/// The same number in every place of `P`, a value or a packet of values.
template <typename P>
P constant(double number) {
  if constexpr (std::is_floating_point_v<P>) {
    return static_cast<P>(number);
  } else {
    return P::constant(static_cast<typename P::Scalar>(number));
  }
}

/// a + b.
template <typename P>
P add(const P& a, const P& b) {
  if constexpr (std::is_floating_point_v<P>) {
    return a + b;
  } else {
    return P::add(a, b);
  }
}

/// a - b.
template <typename P>
P subtract(const P& a, const P& b) {
  if constexpr (std::is_floating_point_v<P>) {
    return a - b;
  } else {
    return P::subtract(a, b);
  }
}

/// a * b; in a layer rounded by itself, also where a sum follows.
template <typename P>
P multiply(const P& a, const P& b) {
  if constexpr (std::is_floating_point_v<P>) {
    return a * b;
  } else {
    return P::multiply(a, b);
  }
}

/// a / b.
template <typename P>
P divide(const P& a, const P& b) {
  if constexpr (std::is_floating_point_v<P>) {
    return a / b;
  } else {
    return P::divide(a, b);
  }
}

/// a * b + c, rounded once where the machine can.
template <typename P>
P multiply_add(const P& a, const P& b, const P& c) {
  if constexpr (std::is_floating_point_v<P>) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA)
    return std::fma(a, b, c);
#else
    return a * b + c;
#endif
  } else {
    return P::multiply_add(a, b, c);
  }
}

/// -a.
template <typename P>
P minus(const P& a) {
  if constexpr (std::is_floating_point_v<P>) {
    return -a;
  } else {
    return P::minus(a);
  }
}

/// |a|.
template <typename P>
P absolute(const P& a) {
  if constexpr (std::is_floating_point_v<P>) {
    return std::abs(a);
  } else {
    return P::absolute(a);
  }
}

/// The larger; which one for a NaN is not said.
template <typename P>
P maximum(const P& a, const P& b) {
  if constexpr (std::is_floating_point_v<P>) {
    return a < b ? b : a;
  } else {
    return P::maximum(a, b);
  }
}

/// The smaller; which one for a NaN is not said.
template <typename P>
P minimum(const P& a, const P& b) {
  if constexpr (std::is_floating_point_v<P>) {
    return b < a ? b : a;
  } else {
    return P::minimum(a, b);
  }
}

/// `chosen` where a < b, else `otherwise`; `otherwise` for a NaN.
template <typename P>
P select_less(const P& a, const P& b, const P& chosen, const P& otherwise) {
  if constexpr (std::is_floating_point_v<P>) {
    return a < b ? chosen : otherwise;
  } else {
    return P::select_less(a, b, chosen, otherwise);
  }
}

/// e^a, with a relative error of at most one epsilon. In a layer, results have the same bits on
/// every machine with the same instructions.
template <typename P>
P exponential(const P& a) {
  if constexpr (std::is_floating_point_v<P>) {
    return std::exp(a);
  } else {
    return P::exponential(a);
  }
}

/// The sigmoid function and what it lacks to 1.
template <typename P>
struct SigmoidAt {
  P sigmoid;     ///< 1 / (1 + e^-a)
  P complement;  ///< 1 / (1 + e^a)
};

/// Both at `a`, with a relative error of at most two epsilons; what would be below the least normal
/// number is 0.
template <typename P>
SigmoidAt<P> sigmoid_at(const P& a) {
  if constexpr (std::is_floating_point_v<P>) {
    const P power = std::exp(-std::abs(a));
    const P larger = 1 / (1 + power);
    const P smaller = power * larger;
    return {a < 0 ? smaller : larger, a < 0 ? larger : smaller};
  } else {
    const auto at = P::sigmoid_at(a);
    return {at.sigmoid, at.complement};
  }
}

/// Distribution function and density of the standard normal distribution.
template <typename P>
struct NormalAt {
  P cdf;      ///< Phi(a)
  P density;  ///< phi(a)
};

/// Both at `a`, with a relative error of at most three epsilons, and of another a^2 / 4 where a
/// machine does not multiply and add at once; what would be next to the least normal number is 0.
template <typename P>
NormalAt<P> normal_at(const P& a) {
  if constexpr (std::is_floating_point_v<P>) {
    constexpr P scale = std::numbers::inv_sqrtpi_v<P> / std::numbers::sqrt2_v<P>;
    return {std::erfc(-a / std::numbers::sqrt2_v<P>) / 2, std::exp(-a * a / 2) * scale};
  } else {
    const auto at = P::normal_at(a);
    return {at.cdf, at.density};
  }
}

}  // namespace batchnorm
