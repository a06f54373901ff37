#ifndef BATCHNORM_PACKET_VALUE
#define BATCHNORM_PACKET_VALUE

#include "exponential.hpp"
#include "packet.hpp"

// What an activation is given: it is compiled for the instruction set of its own file, which may
// know no vectors of this one. In a namespace of its own, so that an activation's unqualified calls
// find no function of this instruction set.
namespace batchnorm::detail::BATCHNORM_TARGET::values {

/// A scalar, or the packet of `N` of them.
template <typename S, Index N>
struct PacketWith {
  using Type = PacketOf<S>;
};
template <typename S>
struct PacketWith<S, 1> {
  using Type = S;
};
#if BATCHNORM_VECTOR_BYTES > 0
template <typename S, Index N>
requires(rounds_in_pairs&& N == 2 * lanes<PacketOf<S>>) struct PacketWith<S, N> {
  using Type = PacketPair<S>;
};
#endif

/// One value (N = 1) or a packet of N values, with the arithmetic of this instruction set. Its
/// copies are not trivial, so that it always goes through memory where it is not inlined: a vector
/// in a register would be one only for functions of the same instruction set.
template <typename S, Index N>
class Value {
 public:
  using Scalar = S;

  explicit Value(const typename PacketWith<S, N>::Type& packet) : packet_(packet) {}
  Value(const Value& other) : packet_(other.packet_) {}
  Value& operator=(const Value& other) {  // NOLINT(bugprone-unhandled-self-assignment)
    packet_ = other.packet_;
    return *this;
  }
  Value(Value&& other) noexcept : packet_(other.packet_) {}
  Value& operator=(Value&& other) noexcept {
    packet_ = other.packet_;
    return *this;
  }
  ~Value() = default;

  const auto& packet() const { return packet_; }

  static Value constant(S number) { return Value(kernels::broadcast<P>(number)); }
  static Value add(const Value& a, const Value& b) {
    return Value(kernels::add(a.packet_, b.packet_));
  }
  static Value subtract(const Value& a, const Value& b) {
    return Value(kernels::subtract(a.packet_, b.packet_));
  }
  static Value multiply(const Value& a, const Value& b) {
    return Value(kernels::multiply(a.packet_, b.packet_));
  }
  static Value divide(const Value& a, const Value& b) {
    return Value(kernels::divide(a.packet_, b.packet_));
  }
  static Value multiply_add(const Value& a, const Value& b, const Value& c) {
    return Value(kernels::multiply_add(a.packet_, b.packet_, c.packet_));
  }
  static Value minus(const Value& a) { return Value(kernels::minus(a.packet_)); }
  static Value absolute(const Value& a) { return Value(kernels::absolute(a.packet_)); }
  static Value maximum(const Value& a, const Value& b) {
    return Value(kernels::maximum(a.packet_, b.packet_));
  }
  static Value minimum(const Value& a, const Value& b) {
    return Value(kernels::minimum(a.packet_, b.packet_));
  }
  static Value select_less(const Value& a, const Value& b, const Value& chosen,
                           const Value& otherwise) {
    return Value(kernels::select_less(a.packet_, b.packet_, chosen.packet_, otherwise.packet_));
  }
  static Value exponential(const Value& a) { return Value(kernels::exponential(a.packet_)); }
  static SigmoidAt<Value> sigmoid_at(const Value& a) {
    const auto [sigmoid, complement] = kernels::sigmoid_at(a.packet_);
    return {Value(sigmoid), Value(complement)};
  }
  static NormalAt<Value> normal_at(const Value& a) {
    const auto [cdf, density] = kernels::normal_at(a.packet_);
    return {Value(cdf), Value(density)};
  }

 private:
  using P = typename PacketWith<S, N>::Type;

  P packet_;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET::values

namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename P>
using ValueOf = values::Value<ScalarOf<P>, lanes<P>>;

/// The activation of a packet. Flattened: an activation that is a call of its own takes its packets
/// through memory.
template <typename Activation, typename P>
[[gnu::flatten]] P activated(const P& packet) {
  return Activation::apply(ValueOf<P>(packet)).packet();
}

/// `dy` behind the activation of a packet. Held, so that a product of the activation is not fused
/// with a sum behind it; and dy, so that it is no load under a mask, which would wait for x.
template <typename Activation, typename P>
[[gnu::flatten]] P gated(const P& packet, const P& dy) {
  return held(Activation::gate(ValueOf<P>(packet), ValueOf<P>(held(dy))).packet());
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
