#ifndef BATCHNORM_PACKET_PACKET
#define BATCHNORM_PACKET_PACKET

#include <array>
#include <cmath>
#include <utility>

#include "held.hpp"
#include "narrow.hpp"
#include "packet_type.hpp"
#include "paired.hpp"

// All arithmetic of the inner loops, for a packet and for a scalar alike. What differs between
// instruction sets stands in vectors.hpp; the room knows nothing else.
// In: pointers to values, and packets of them.
// Out: packets.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// Calls `visit(0)` to `visit(N - 1)` without a loop, so that what it writes stays in registers
/// also where the compiler unrolls nothing (-O2).
template <std::size_t N, typename Visit>
void unroll(const Visit& visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<N>{});
}

/// Clears the upper halves of wide registers, where the program around is not built for them.
inline void leave_vectors() {
#if defined(BATCHNORM_TARGET_PRAGMA)
  __builtin_ia32_vzeroupper();
#endif
}

/// Stands in every function by which a thread enters this instruction set, and leaves it clean: who
/// is not told of wide vectors that were left behind finds the baseline's instructions slow. g++
/// does that by itself from -O2 on, but not below and not for -Os.
class VectorScope {
 public:
  VectorScope() = default;
  ~VectorScope() { leave_vectors(); }
  VectorScope(const VectorScope&) = delete;
  VectorScope& operator=(const VectorScope&) = delete;
  VectorScope(VectorScope&&) = delete;
  VectorScope& operator=(VectorScope&&) = delete;
};

/// As many values as `P` has, from memory of its scalar or of one of 16 bits.
template <typename P, typename Data>
P load(const Data* from) {
  if constexpr (is_scalar<P>) {
    return widened_value(*from);
  } else {
    return Access<P>::load(from);
  }
}

template <typename P>
P broadcast(ScalarOf<P> value) {
  if constexpr (is_scalar<P>) {
    return value;
  } else {
    return Access<P>::filled(value);
  }
}

/// To memory of the packet's scalar, or rounded to one of 16 bits.
template <typename P, typename Data>
void store(Data* to, const P& value) {
  if constexpr (is_scalar<P>) {
    *to = narrowed_value<Data>(value);
  } else {
    Access<P>::store(to, value);
  }
}

template <typename P>
P add(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a + b;
  } else {
    return {a.raw + b.raw};
  }
}

template <typename P>
P subtract(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a - b;
  } else {
    return {a.raw - b.raw};
  }
}

/// a * b, rounded, whatever is done with it: never one instruction with a sum.
template <typename P>
P multiply(const P& a, const P& b) {
  const auto product = [&]() -> P {
    if constexpr (is_scalar<P>) {
      return a * b;
    } else {
      return {a.raw * b.raw};
    }
  };
#if BATCHNORM_FUSES
  return held(product());
#else
  return product();
#endif
}

template <typename P>
P divide(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a / b;
  } else {
    return {a.raw / b.raw};
  }
}

/// Correctly rounded.
template <typename P>
P square_root(const P& a) {
  if constexpr (is_scalar<P>) {
    return std::sqrt(a);
  } else {
    return {square_root_of(a.raw)};
  }
}

/// a * b + c with one rounding where the machine has such an instruction. A scalar rounds as a
/// packet does: the same element must get the same bits wherever in a row it stands, or the ReLU of
/// forward and its mask would disagree.
template <typename P>
P multiply_add(const P& a, const P& b, const P& c) {
  if constexpr (!is_scalar<P>) {
    return {fused(a.raw, b.raw, c.raw)};
  } else {
#if BATCHNORM_FUSES
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
    return {-a.raw};
  }
}

template <typename P>
P absolute(const P& a) {
  if constexpr (is_scalar<P>) {
    return std::abs(a);
  } else {
    return {absolute_of(a.raw)};
  }
}

/// `chosen` where a < b, else `otherwise`; false for a NaN.
template <typename P>
P select_less(const P& a, const P& b, const P& chosen, const P& otherwise) {
  if constexpr (!is_scalar<P>) {
    return {choose_less(a.raw, b.raw, chosen.raw, otherwise.raw)};
  } else if constexpr (requires { choose_less(a, b, chosen, otherwise); }) {
    return choose_less(a, b, chosen, otherwise);
  } else {
    return a < b ? chosen : otherwise;
  }
}

/// b where a < b, else a: of scalars what has an instruction of its own.
template <typename P>
P maximum(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return a < b ? b : a;
  } else {
    return select_less(a, b, b, a);
  }
}

/// b where b < a, else a.
template <typename P>
P minimum(const P& a, const P& b) {
  if constexpr (is_scalar<P>) {
    return b < a ? b : a;
  } else {
    return select_less(b, a, b, a);
  }
}

/// a + b, where there is such an instruction by the processor's multipliers: for sums beside so
/// many others that its adders are what everything waits for.
template <typename P>
P add_by_multiplier(const P& a, const P& b) {
#if BATCHNORM_FUSES
  if constexpr (!is_scalar<P>) return multiply_add(a, broadcast<P>(1), b);
#endif
  return add(a, b);
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
