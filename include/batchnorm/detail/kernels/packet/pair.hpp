#ifndef BATCHNORM_PACKET_PAIR
#define BATCHNORM_PACKET_PAIR

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Two registers as one vector.
template <typename Register>
struct Pair {
  Register low;
  Register high;

  friend Pair operator+(const Pair& a, const Pair& b) { return {a.low + b.low, a.high + b.high}; }
  friend Pair operator-(const Pair& a, const Pair& b) { return {a.low - b.low, a.high - b.high}; }
  friend Pair operator*(const Pair& a, const Pair& b) { return {a.low * b.low, a.high * b.high}; }
  friend Pair operator/(const Pair& a, const Pair& b) { return {a.low / b.low, a.high / b.high}; }
  friend Pair operator-(const Pair& a) { return {-a.low, -a.high}; }
};

/// Both registers; see held.hpp.
template <typename Register>
void hide(Pair<Register>& a) {
#if defined(__SSE2__)
  asm("" : "+v"(a.low), "+v"(a.high));
#elif defined(__aarch64__)
  asm("" : "+w"(a.low), "+w"(a.high));
#endif
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
