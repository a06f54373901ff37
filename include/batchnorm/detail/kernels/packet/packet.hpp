#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <utility>

#include "held.hpp"
#include "packet_type.hpp"

// All arithmetic of the inner loops, for a packet and for a scalar alike. Eigen's packets carry the
// vectors. The only room that knows instruction sets; it knows nothing else.
// In: pointers to values, and packets of them.
// Out: packets.
namespace batchnorm::detail {

using Eigen::Index;

/// Calls `visit(0)` to `visit(N - 1)` without a loop, so that what it writes stays in registers
/// also where the compiler unrolls nothing (-O2).
template <std::size_t N, typename Visit>
void unroll(const Visit& visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<N>{});
}

template <typename P>
P load(const ScalarOf<P>* from) {
  if constexpr (is_scalar<P>) {
    return *from;
  } else {
    return {Eigen::internal::ploadu<typename P::Raw>(from)};
  }
}

template <typename P>
P broadcast(ScalarOf<P> value) {
  if constexpr (is_scalar<P>) {
    return value;
  } else {
    return {Eigen::internal::pset1<typename P::Raw>(value)};
  }
}

template <typename P>
void store(ScalarOf<P>* to, const P& value) {
  if constexpr (is_scalar<P>) {
    *to = value;
  } else {
    Eigen::internal::pstoreu(to, value.raw);
  }
}

template <typename P>
P add(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a + b;
  } else {
    return {Eigen::internal::padd(a.raw, b.raw)};
  }
}

template <typename P>
P subtract(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a - b;
  } else {
    return {Eigen::internal::psub(a.raw, b.raw)};
  }
}

template <typename P>
P multiply(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a * b;
  } else {
    return {Eigen::internal::pmul(a.raw, b.raw)};
  }
}

template <typename P>
P divide(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a / b;
  } else {
    return {Eigen::internal::pdiv(a.raw, b.raw)};
  }
}

/// Correctly rounded, which Eigen's own is not on every instruction set.
inline double square_root(double a) { return std::sqrt(a); }

inline Packet<double> square_root(const Packet<double>& a) {
#if defined(EIGEN_VECTORIZE_AVX512)
  return {_mm512_maskz_sqrt_pd(0xff, a.raw)};
#elif defined(EIGEN_VECTORIZE_AVX)
  return {_mm256_sqrt_pd(a.raw)};
#elif defined(EIGEN_VECTORIZE_SSE2)
  return {_mm_sqrt_pd(a.raw)};
#elif defined(EIGEN_VECTORIZE_NEON) && defined(__aarch64__)
  return {vsqrtq_f64(a.raw)};
#else
  std::array<double, std::size_t{Packet<double>::size}> values;
  store(values.data(), a);
  for (double& value : values) value = std::sqrt(value);
  return load<Packet<double>>(values.data());
#endif
}

/// a * b + c with one rounding where the machine has such an instruction. A scalar rounds as a
/// packet does: the same element must get the same bits wherever in a row it stands, or the ReLU of
/// forward and its mask would disagree.
template <typename P>
P multiply_add(const P& a, const P& b, const P& c) {
  if constexpr (!is_scalar<P>) {
    return {Eigen::internal::pmadd(a.raw, b.raw, c.raw)};
  } else {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return std::fma(a, b, c);
#else
    return a * b + c;
#endif
  }
}

template <typename P>
P minus(const P& a) {
  if constexpr (is_scalar<P>) {
    return -a;
  } else {
    return {Eigen::internal::pnegate(a.raw)};
  }
}

template <typename P>
P absolute(const P& a) {
  if constexpr (is_scalar<P>) {
    return std::abs(a);
  } else {
    return {Eigen::internal::pabs(a.raw)};
  }
}

template <typename P>
P maximum(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a < b ? b : a;
  } else {
    return {Eigen::internal::pmax(a.raw, b.raw)};
  }
}

template <typename P>
P minimum(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return b < a ? b : a;
  } else {
    return {Eigen::internal::pmin(a.raw, b.raw)};
  }
}

/// a + b, where there is such an instruction by the processor's multipliers: for sums beside so
/// many others that its adders are what everything waits for.
template <typename P>
P add_by_multiplier(const P& a, const P& b) {
#if defined(EIGEN_VECTORIZE_FMA)
  if constexpr (!is_scalar<P>) return multiply_add(a, broadcast<P>(1), b);
#endif
  return add(a, b);
}

/// `chosen` where a < b, else `otherwise`; false for a NaN.
template <typename P>
P select_less(const P& a, const P& b, const P& chosen, const P& otherwise) {
  if constexpr (is_scalar<P>) {
    return a < b ? chosen : otherwise;
  } else {
    return {Eigen::internal::pselect(Eigen::internal::pcmp_lt(a.raw, b.raw), chosen.raw,
                                     otherwise.raw)};
  }
}

}  // namespace batchnorm::detail
