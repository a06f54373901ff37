#ifndef BATCHNORM_TRANSFORM_SECOND_GRADIENT
#define BATCHNORM_TRANSFORM_SECOND_GRADIENT

#include <array>

#include "../packet/lanes.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// The map of a second backward (coefficients.hpp, SecondCoefficients). Inputs: x, dy and v.
template <typename S>
struct SecondGradient {
  using Data = S;
  using Scalar = ArithmeticOf<Data>;
  static constexpr std::size_t inputs = 3;
  static constexpr std::size_t outputs = 2;
  static constexpr std::size_t factor_arrays = 7;
  static constexpr std::size_t coefficient_arrays = 1 + factor_arrays;

  template <typename P>
  struct Coefficients {
    P centre;
    std::array<P, factor_arrays> factors;
  };

  const Scalar* centre;
  std::array<const Scalar*, factor_arrays> factors;

  template <typename Other>
  SecondGradient with(const Other& other) const {
    SecondGradient result{other(centre), {}};
    for (std::size_t j = 0; j < factor_arrays; ++j) result.factors[j] = other(factors[j]);
    return result;
  }

  template <typename P>
  static Coefficients<P> join(Index count, const Coefficients<P>& a, const Coefficients<P>& b) {
    Coefficients<P> result{replace_before(count, b.centre, a.centre), {}};
    unroll<factor_arrays>(
        [&](auto j) { result.factors[j] = replace_before(count, b.factors[j], a.factors[j]); });
    return result;
  }

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    Coefficients<P> result{spread<P>(centre, channel, how), {}};
    unroll<factor_arrays>([&](auto j) { result.factors[j] = spread<P>(factors[j], channel, how); });
    return result;
  }

  template <typename P>
  std::array<P, 2> operator()(const Coefficients<P>& k, const std::array<P, 3>& in) const {
    const auto& [constant, of_x, of_v, of_dy, dy_constant, dy_of_x, dy_of_v] = k.factors;
    const P centred = subtract(in[0], k.centre);
    const P with_dy = multiply_add(in[1], of_dy, multiply_add(in[2], of_v, constant));
    const P for_dy = multiply_add(in[2], dy_of_v, dy_constant);
    return {multiply_add(centred, of_x, with_dy), multiply_add(centred, dy_of_x, for_dy)};
  }
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
