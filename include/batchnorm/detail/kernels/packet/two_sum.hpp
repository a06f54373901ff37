#ifndef BATCHNORM_PACKET_TWO_SUM
#define BATCHNORM_PACKET_TWO_SUM

#include "packet.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// A sum as two numbers: rounded, and what the rounding leaves out.
template <typename P>
struct TwoSum {
  P sum;
  P rest;
};

/// a + b exactly (Knuth, The Art of Computer Programming 2, 4.2.2, theorem B).
template <typename P>
TwoSum<P> two_sum(const P& a, const P& b) {
  const P sum = held(add(a, b));
  const P of_b = held(subtract(sum, a));
  const P of_a = held(subtract(sum, of_b));
  return {sum, add(held(subtract(a, of_a)), held(subtract(b, of_b)))};
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
