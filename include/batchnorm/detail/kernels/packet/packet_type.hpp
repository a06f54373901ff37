#pragma once

#include <Eigen/Core>
#include <type_traits>

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

}  // namespace batchnorm::detail
