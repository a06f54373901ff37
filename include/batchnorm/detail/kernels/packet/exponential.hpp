#ifndef BATCHNORM_PACKET_EXPONENTIAL
#define BATCHNORM_PACKET_EXPONENTIAL

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

#include "packet.hpp"

// The exponential function, and what activations are made of it, for a packet and for a scalar
// alike, with the same bits.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// a * 2^n, by a's exponent, which must stay in range; the integer n stands in the lowest bits of
/// `by`.
template <typename P>
P exponent_raised(const P& a, const P& by) {
  if constexpr (!is_scalar<P>) {
    return {exponent_added(a.raw, by.raw)};
  } else {
    using Bits = std::conditional_t<sizeof(P) == 4, std::uint32_t, std::uint64_t>;
    constexpr int places = std::numeric_limits<P>::digits - 1;
    return std::bit_cast<P>(std::bit_cast<Bits>(a) + (std::bit_cast<Bits>(by) << places));
  }
}

/// coefficients[0] + coefficients[1] * a + coefficients[2] * a^2 + ...
template <typename P, std::size_t N>
P polynomial(const std::array<double, N>& coefficients, const P& a) {
  const auto coefficient = [&](std::size_t k) {
    return broadcast<P>(static_cast<ScalarOf<P>>(coefficients[k]));
  };
  P result = coefficient(N - 1);
  unroll<N - 1>([&](auto k) { result = multiply_add(result, a, coefficient(N - 2 - k)); });
  return result;
}

/// Of the exponential function of `S`: ln(2) in two parts, the first with zeros at its end, so that
/// its multiples are exact; the ends of what is not 0, not subnormal and not infinite; and (e^r - 1
/// - r) / r^2 for |r| up to ln(2) / 2, interpolated at Chebyshev's points.
template <typename S>
struct Exponential {
  static constexpr double ln2_high = 0x1.62ep-1;
  static constexpr double ln2_low = 0x1.0bfbe8e7bcd5ep-15;
  static constexpr double least = -104;
  static constexpr double least_normal = -87;
  static constexpr double far = 13;
  static constexpr double most = 89;
  static constexpr std::array rest{0.5000000013457727,  0.16666666681614256,  0.041666465006040049,
                                   0.00833331093444887, 0.001393364103198670, 0.00019890980869750};
};

template <>
struct Exponential<double> {
  static constexpr double ln2_high = 0x1.62e42fefap-1;
  static constexpr double ln2_low = 0x1.cf79abc9e3b3ap-40;
  static constexpr double least = -746;
  static constexpr double least_normal = -708;
  static constexpr double far = 37.5;
  static constexpr double most = 710;
  static constexpr std::array rest{0.5,
                                   0.16666666666666671,
                                   0.04166666666666667,
                                   0.0083333333333261408,
                                   0.0013888888888883752,
                                   0.00019841269874800492,
                                   2.4801587325533364e-5,
                                   2.7557255425746434e-6,
                                   2.7557273661348636e-7,
                                   2.5105206373957011e-8,
                                   2.0914679376583935e-9};
};

/// To a number of this size, integers are added exactly, and stand in its lowest bits.
template <typename P>
P whole() {
  return broadcast<P>(ScalarOf<P>(1.5) / std::numeric_limits<ScalarOf<P>>::epsilon());
}

/// e^a as e^r * 2^n, with a = n * ln(2) + r; of any use only where neither is beyond its range, and
/// `a` is a number.
template <typename P>
struct Power {
  P mantissa;  ///< e^r
  P whole_n;   ///< n, added to `whole`
};

template <typename P>
Power<P> power_of_e(const P& a) {
  using S = ScalarOf<P>;
  using Of = Exponential<S>;
  const P whole_n = held(multiply_add(a, broadcast<P>(S(1.4426950408889634)), whole<P>()));
  const P n = subtract(whole_n, whole<P>());
  const P near = held(multiply_add(n, broadcast<P>(S(-Of::ln2_high)), a));
  const P r = multiply_add(n, broadcast<P>(S(-Of::ln2_low)), near);
  const P rest = multiply_add(polynomial(Of::rest, r), multiply(r, r), r);
  return {add(broadcast<P>(1), rest), whole_n};
}

/// e^a. Infinite and 0 where that is what it rounds to.
template <typename P>
P exponential(const P& a) {
  using S = ScalarOf<P>;
  const P zero = broadcast<P>(0);
  const auto [mantissa, whole_n] = power_of_e(a);
  // 2^n in two factors, since neither the largest nor the least of them is a number.
  const P n = subtract(whole_n, whole<P>());
  const P half = held(multiply_add(n, broadcast<P>(S(0.5)), whole<P>()));
  const P other = add(subtract(n, subtract(half, whole<P>())), whole<P>());
  const P power =
      multiply(exponent_raised(mantissa, half), exponent_raised(broadcast<P>(1), other));
  const P infinity = broadcast<P>(std::numeric_limits<S>::infinity());
  const P beyond = select_less(a, zero, zero, add(a, infinity));
  const P unless_large = select_less(a, broadcast<P>(S(Exponential<S>::most)), power, beyond);
  return select_less(broadcast<P>(S(Exponential<S>::least)), a, unless_large, beyond);
}

/// e^a where that is a normal number.
template <typename P>
P exponential_in_range(const P& a) {
  const auto [mantissa, whole_n] = power_of_e(a);
  return exponent_raised(mantissa, whole_n);
}

/// See arithmetic.hpp.
template <typename P>
struct SigmoidAt {
  P sigmoid;
  P complement;
};

/// The sigmoid function at `a` and what it lacks to 1: by a power that is at most 1, so that
/// nothing overflows and small results keep their digits.
template <typename P>
SigmoidAt<P> sigmoid_at(const P& a) {
  using S = ScalarOf<P>;
  const P zero = broadcast<P>(0);
  const P one = broadcast<P>(1);
  const P least = broadcast<P>(S(Exponential<S>::least_normal));
  const P exponent = minus(absolute(a));
  const P beyond = select_less(exponent, zero, zero, exponent);
  const P power = select_less(least, exponent, exponential_in_range(exponent), beyond);
  const P larger = divide(one, add(one, power));
  const P smaller = multiply(power, larger);
  return {select_less(a, zero, smaller, larger), select_less(a, zero, larger, smaller)};
}

/// Of the normal distribution: what Phi(-t) e^(t^2 / 2) (t + 4) is in (t - 4) / (t + 4), for t of 0
/// and above, interpolated at Chebyshev's points.
template <typename S>
inline constexpr std::array normal_tail{
    0.7552851305046339,      -0.6078966402127833,     0.38713739441911355,
    -0.18652198492773026,    0.06039664399817553,     -0.007538688779951782,
    -0.003479943025800335,   0.001624247637261679,    0.00013364042623394883,
    -0.00021777106565111796, -1.7259922922894346e-06, 2.1979043414611655e-05};

template <>
inline constexpr std::array normal_tail<double>{
    0.7552851304157514,      -0.6078966419718921,     0.3871374007422269,
    -0.18652185795965176,    0.06039657489034808,     -0.007540188966996623,
    -0.0034796923564507777,  0.0016308184627789688,   0.00013334420755153713,
    -0.00023109498674854848, -1.9076685133202144e-06, 3.514498813160344e-05,
    7.145802592193101e-07,   -5.921289422115028e-06,  -6.249141680900659e-07,
    1.0242368988565404e-06,  2.6468456126470355e-07,  -1.5916439391794904e-07,
    -7.874694430470838e-08,  1.7419125179458914e-08,  1.6051942514282524e-08,
    -4.1774838524334276e-10, -1.6858481937278877e-09, -1.493647950995503e-10};

/// See arithmetic.hpp.
template <typename P>
struct NormalAt {
  P cdf;
  P density;
};

/// Both of the standard normal distribution at `a`.
template <typename P>
NormalAt<P> normal_at(const P& a) {
  using S = ScalarOf<P>;
  const P zero = broadcast<P>(0);
  const P one = broadcast<P>(1);
  const P half = broadcast<P>(S(-0.5));
  // Further away, both are next to the least normal number, and 0 here.
  const P far = broadcast<P>(S(Exponential<S>::far));
  const P size = absolute(a);
  const P t = select_less(far, size, far, size);
  // What the square's rounding leaves out is up to many roundoffs of the power.
  const P square = multiply(t, t);
  const P left_out = multiply_add(t, t, minus(square));
  const P rounded = exponential_in_range(multiply(square, half));
  const P near = multiply_add(rounded, multiply(left_out, half), rounded);
  const P power = select_less(size, far, near, select_less(zero, size, zero, size));
  const P inverse = divide(one, add(t, broadcast<P>(4)));
  const P place = multiply(subtract(t, broadcast<P>(4)), inverse);
  const P lower = multiply(multiply(power, inverse), polynomial(normal_tail<S>, place));
  return {select_less(zero, a, subtract(one, lower), lower),
          multiply(power, broadcast<P>(S(0.39894228040143268)))};
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
