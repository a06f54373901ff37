#ifndef BATCHNORM_PACKET_PACKET_TYPE
#define BATCHNORM_PACKET_PACKET_TYPE

#include <Eigen/Core>
#include <type_traits>

#include "../../../scalar.hpp"
#ifndef BATCHNORM_TARGET
#include "../target/build.hpp"
#endif
#include "vectors.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// This instruction set's functions, where a member of the same name hides one.
namespace kernels = BATCHNORM_TARGET;

using Eigen::Index;

#if BATCHNORM_VECTOR_BYTES > 0
/// As many values of `S` as the vector of this instruction set holds.
template <typename S>
struct Packet {
  using Scalar = S;
  using Raw = typename VectorOf<S>::Type;
  static constexpr Index size = Index{sizeof(Raw)} / Index{sizeof(S)};

  Raw raw;
};

// Here, where g++ knows the vectors: a packet that is laid out where they are not known is copied
// in pieces, through memory.
template struct Packet<float>;
template struct Packet<double>;

/// The type of the inner loops over values of `S`, in which these are computed with; a plain scalar
/// where there are no vectors.
template <typename S>
using PacketOf = Packet<ArithmeticOf<S>>;
#else
template <typename S>
using PacketOf = ArithmeticOf<S>;
#endif

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

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
