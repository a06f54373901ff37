#ifndef BATCHNORM_PACKET_PAIRED
#define BATCHNORM_PACKET_PAIRED

#include <type_traits>

#include "narrow.hpp"
#include "pair.hpp"

// Two packets of float as one, where an instruction set rounds to bfloat16 in pairs: by 16 bits of
// both at once, in little more than half of the instructions.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// What `load_vector`, `vector_of`, `store_vector` and `stream_vector` are for a packet.
template <typename P>
struct Access {
  template <typename Data>
  static P load(const Data* from) {
    return {load_vector(from)};
  }
  static P filled(typename P::Scalar value) { return {vector_of(value)}; }
  template <typename Data>
  static void store(Data* to, const P& value) {
    store_vector(to, value.raw);
  }
  template <typename Data>
  static void stream(Data* to, const P& value) {
    stream_vector(to, value.raw);
  }
};

#if BATCHNORM_VECTOR_BYTES > 0
template <typename V>
Pair<V> fused(const Pair<V>& a, const Pair<V>& b, const Pair<V>& c) {
  return {fused(a.low, b.low, c.low), fused(a.high, b.high, c.high)};
}
template <typename V>
Pair<V> choose_less(const Pair<V>& a, const Pair<V>& b, const Pair<V>& chosen,
                    const Pair<V>& otherwise) {
  return {choose_less(a.low, b.low, chosen.low, otherwise.low),
          choose_less(a.high, b.high, chosen.high, otherwise.high)};
}
template <typename V>
Pair<V> absolute_of(const Pair<V>& a) {
  return {absolute_of(a.low), absolute_of(a.high)};
}
template <typename V>
Pair<V> exponent_added(const Pair<V>& a, const Pair<V>& b) {
  return {exponent_added(a.low, b.low), exponent_added(a.high, b.high)};
}

/// Twice the values of a packet.
template <typename S>
struct PacketPair {
  using Scalar = S;
  using Raw = Pair<typename VectorOf<S>::Type>;
  static constexpr Index size = 2 * Packet<S>::size;

  Raw raw;
};

template <typename P>
inline constexpr bool is_pair = false;
template <typename S>
inline constexpr bool is_pair<PacketPair<S>> = true;

template <typename S>
struct Access<PacketPair<S>> {
  using P = PacketPair<S>;

  static P load(const S* from) { return {{load_vector(from), load_vector(from + P::size / 2)}}; }
  template <typename Data>
  static P load(const Data* from) {
    return {load_pair(from)};
  }
  static P filled(S value) { return {{vector_of(value), vector_of(value)}}; }
  static void store(S* to, const P& value) {
    store_vector(to, value.raw.low);
    store_vector(to + P::size / 2, value.raw.high);
  }
  template <typename Data>
  static void store(Data* to, const P& value) {
    store_16_bits(to, rounded_to_bfloat16(value.raw));
  }
  template <typename Data>
  static void stream(Data* to, const P& value) {
    stream_16_bits(to, rounded_to_bfloat16(value.raw));
  }
};

template <typename Data>
inline constexpr bool goes_in_pairs = rounds_in_pairs&& std::is_same_v<Data, Eigen::bfloat16>;

/// The type of loops that map values of `Data`.
template <typename Data>
using MapPacketOf = std::conditional_t<goes_in_pairs<Data>, PacketPair<float>, PacketOf<Data>>;
#else
template <typename P>
inline constexpr bool is_pair = false;

template <typename Data>
using MapPacketOf = PacketOf<Data>;
#endif

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
