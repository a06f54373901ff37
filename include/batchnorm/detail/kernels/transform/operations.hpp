#ifndef BATCHNORM_TRANSFORM_OPERATIONS
#define BATCHNORM_TRANSFORM_OPERATIONS

#include <array>

#include "../formulas/preactivation.hpp"
#include "../packet/lanes.hpp"

// What `transform` computes, for a packet or a scalar alike. Inputs stand in the order x, residual
// or x, dy, residual.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// y = activation((x - centre) * scale + shift [+ residual]).
template <typename S, typename Activation, bool HasResidual>
struct Normalize {
  using Data = S;
  using Scalar = ArithmeticOf<Data>;
  static constexpr std::size_t inputs = HasResidual ? 2 : 1;
  static constexpr std::size_t outputs = 1;
  static constexpr bool is_gradient = false;

  template <typename P>
  struct Coefficients {
    P centre;
    P scale;
    P shift;
  };

  static constexpr std::size_t coefficient_arrays = 3;

  const Scalar* centre;
  const Scalar* scale;
  const Scalar* shift;

  /// The same with other coefficients: `other(array)` in the place of every array.
  template <typename Other>
  Normalize with(const Other& other) const {
    return {other(centre), other(scale), other(shift)};
  }

  /// The first `count` lanes of `a`, the others of `b`.
  template <typename P>
  static Coefficients<P> join(Index count, const Coefficients<P>& a, const Coefficients<P>& b) {
    return {replace_before(count, b.centre, a.centre), replace_before(count, b.scale, a.scale),
            replace_before(count, b.shift, a.shift)};
  }

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return {spread<P>(centre, channel, how), spread<P>(scale, channel, how),
            spread<P>(shift, channel, how)};
  }

  template <typename P>
  std::array<P, 1> operator()(const Coefficients<P>& k, const std::array<P, inputs>& in) const {
    return from_centred(k, subtract(in[0], k.centre), in);
  }

  /// The same, given x - centre.
  template <typename P>
  static std::array<P, 1> from_centred(const Coefficients<P>& k, const P& centred,
                                       const std::array<P, inputs>& in) {
    std::array<P, HasResidual ? 1 : 0> residual;
    if constexpr (HasResidual) residual[0] = in[1];
    return {activated<Activation>(preactivation(centred, k.scale, k.shift, residual))};
  }
};

template <bool HasResidual, typename P>
auto gradients(const P& dx, const P& g) {
  if constexpr (HasResidual) {
    return std::array<P, 2>{dx, g};
  } else {
    return std::array<P, 1>{dx};
  }
}

/// dx = scale * g: the statistics are constants (Frozen, Eval).
template <typename S, typename Activation, bool HasResidual>
struct AffineGradient {
  using Data = S;
  using Scalar = ArithmeticOf<Data>;
  static constexpr std::size_t inputs = HasResidual ? 3 : 2;
  static constexpr std::size_t outputs = HasResidual ? 2 : 1;
  static constexpr bool is_gradient = true;

  template <typename P>
  using Coefficients = typename Normalize<S, Activation, HasResidual>::template Coefficients<P>;

  using Forward = Normalize<S, Activation, HasResidual>;
  static constexpr std::size_t coefficient_arrays = Forward::coefficient_arrays;

  Forward forward;

  template <typename Other>
  AffineGradient with(const Other& other) const {
    return {forward.with(other)};
  }

  template <typename P>
  static Coefficients<P> join(Index count, const Coefficients<P>& a, const Coefficients<P>& b) {
    return Forward::template join<P>(count, a, b);
  }

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return forward.template coefficients<P>(channel, how);
  }

  template <typename P>
  auto operator()(const Coefficients<P>& k, const std::array<P, inputs>& in) const {
    return from_centred(k, subtract(in[0], k.centre), in);
  }

  /// The same, given x - centre.
  template <typename P>
  static auto from_centred(const Coefficients<P>& k, const P& centred,
                           const std::array<P, inputs>& in) {
    const P g = gradient_behind<Activation, HasResidual>(centred, k.scale, k.shift, in);
    return gradients<HasResidual>(multiply(g, k.scale), g);
  }
};

/// dx = scale * (g + offset + (x - centre) * slope): the gradient through the statistics (Train).
template <typename S, typename Activation, bool HasResidual>
struct BatchGradient {
  using Data = S;
  using Scalar = ArithmeticOf<Data>;
  static constexpr std::size_t inputs = HasResidual ? 3 : 2;
  static constexpr std::size_t outputs = HasResidual ? 2 : 1;
  static constexpr bool is_gradient = true;
  using Forward = Normalize<S, Activation, HasResidual>;

  template <typename P>
  struct Coefficients : Forward::template Coefficients<P> {
    P offset;
    P slope;
  };

  static constexpr std::size_t coefficient_arrays = Forward::coefficient_arrays + 2;

  Forward forward;
  const Scalar* offset;
  const Scalar* slope;

  template <typename Other>
  BatchGradient with(const Other& other) const {
    return {forward.with(other), other(offset), other(slope)};
  }

  template <typename P>
  static Coefficients<P> join(Index count, const Coefficients<P>& a, const Coefficients<P>& b) {
    return {Forward::template join<P>(count, a, b), replace_before(count, b.offset, a.offset),
            replace_before(count, b.slope, a.slope)};
  }

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return {forward.template coefficients<P>(channel, how), spread<P>(offset, channel, how),
            spread<P>(slope, channel, how)};
  }

  template <typename P>
  auto operator()(const Coefficients<P>& k, const std::array<P, inputs>& in) const {
    return from_centred(k, subtract(in[0], k.centre), in);
  }

  /// The same, given x - centre.
  template <typename P>
  static auto from_centred(const Coefficients<P>& k, const P& centred,
                           const std::array<P, inputs>& in) {
    const P g = gradient_behind<Activation, HasResidual>(centred, k.scale, k.shift, in);
    const P through_statistics = multiply_add(centred, k.slope, add(g, k.offset));
    return gradients<HasResidual>(multiply(through_statistics, k.scale), g);
  }

  /// dx = scale * (g + weight * (offset + (x - centre) * slope)). What weighs nothing and has no dy
  /// has no gradient, whatever x is there.
  template <typename P>
  static auto from_centred_weighted(const Coefficients<P>& k, const P& centred,
                                    const std::array<P, inputs>& in, const P& weight) {
    const P none = broadcast<P>(0);
    const P seen = select_less(none, absolute(in[1]), centred, none);
    const P g = gradient_behind<Activation, HasResidual>(seen, k.scale, k.shift, in);
    const P through_statistics = multiply_add(centred, k.slope, k.offset);
    const P weighted = select_less(none, weight, multiply(weight, through_statistics), none);
    return gradients<HasResidual>(multiply(add(g, weighted), k.scale), g);
  }
};

/// dx = scale * g + scale_of_x_hat * (offset + (x - centre) * slope): the gradient through the
/// statistics where gamma differs from sample to sample.
template <typename S, typename Activation, bool HasResidual>
struct ConditionalGradient {
  using Data = S;
  using Scalar = ArithmeticOf<Data>;
  static constexpr std::size_t inputs = HasResidual ? 3 : 2;
  static constexpr std::size_t outputs = HasResidual ? 2 : 1;
  static constexpr bool is_gradient = true;
  using Through = BatchGradient<S, Activation, HasResidual>;

  template <typename P>
  struct Coefficients : Through::template Coefficients<P> {
    P scale_of_x_hat;
  };

  static constexpr std::size_t coefficient_arrays = Through::coefficient_arrays + 1;

  Through through;
  const Scalar* scale_of_x_hat;

  template <typename Other>
  ConditionalGradient with(const Other& other) const {
    return {through.with(other), other(scale_of_x_hat)};
  }

  template <typename P>
  static Coefficients<P> join(Index count, const Coefficients<P>& a, const Coefficients<P>& b) {
    return {Through::template join<P>(count, a, b),
            replace_before(count, b.scale_of_x_hat, a.scale_of_x_hat)};
  }

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return {through.template coefficients<P>(channel, how),
            spread<P>(scale_of_x_hat, channel, how)};
  }

  template <typename P>
  auto operator()(const Coefficients<P>& k, const std::array<P, inputs>& in) const {
    const P centred = subtract(in[0], k.centre);
    const P g = gradient_behind<Activation, HasResidual>(centred, k.scale, k.shift, in);
    const P through_statistics = multiply_add(centred, k.slope, k.offset);
    return gradients<HasResidual>(
        multiply_add(g, k.scale, multiply(through_statistics, k.scale_of_x_hat)), g);
  }
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
