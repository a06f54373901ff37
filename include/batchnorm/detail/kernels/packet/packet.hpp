#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

// All arithmetic of the inner loops, for a packet and for a scalar alike. Eigen's packets carry the
// vectors. The only room that knows instruction sets; it knows nothing else.
// In: pointers to values, and packets of them.
// Out: packets.
namespace batchnorm::detail {

using Eigen::Index;

/// As many values of `S` as Eigen handles with one instruction in this build.
template <typename S>
struct Packet {
  using Scalar = S;
  using Raw = typename Eigen::internal::packet_traits<S>::type;
  static constexpr Index size = Eigen::internal::packet_traits<S>::size;

  Raw raw;
};

/// The widest type of the inner loops; a plain scalar where Eigen was not allowed to vectorise.
template <typename S>
using PacketOf = std::conditional_t<Packet<S>::size == 1, S, Packet<S>>;

template <typename P>
struct PacketTraits {
  using Scalar = typename P::Scalar;
  static constexpr Index size = P::size;
};

template <typename P>
requires std::is_floating_point_v<P>
struct PacketTraits<P> {
  using Scalar = P;
  static constexpr Index size = 1;
};

template <typename P>
using ScalarOf = typename PacketTraits<P>::Scalar;

/// Number of values in a packet; 1 for a scalar.
template <typename P>
inline constexpr Index lanes = PacketTraits<P>::size;

template <typename P>
inline constexpr bool is_scalar = std::is_floating_point_v<P>;

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

/// Makes the compiler forget what it knows of a value, at no cost but a register.
template <typename Raw>
void hide([[maybe_unused]] Raw& value) {
#if defined(__GNUC__) && defined(EIGEN_VECTORIZE_AVX512)
  asm("" : "+v"(value));
#elif defined(__GNUC__) && defined(__SSE2__)
  asm("" : "+x"(value));
#elif defined(__GNUC__) && defined(__ARM_NEON)
  asm("" : "+w"(value));
#elif defined(__GNUC__)
  asm("" : "+m"(value));
#endif
}

/// `packet` as a value that stands in a register. Left to itself, g++ reads a packet of several
/// uses from memory for each; and with -ffast-math, compilers take (a + b) - a for b.
template <typename P>
P held(P packet) {
  if constexpr (is_scalar<P>) {
    hide(packet);
  } else {
    hide(packet.raw);
  }
  return packet;
}

/// Makes the compiler forget what it knows of an index. Left to itself, clang++ advances a pointer
/// for every array of a loop, for which there are not registers enough.
inline void hide_index([[maybe_unused]] Index& index) {
#if defined(__GNUC__)
  asm("" : "+r"(index));
#endif
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
