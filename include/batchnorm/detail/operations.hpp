#pragma once

#include "gradient_kernel.hpp"

// What `transform` computes, for a packet or a scalar alike. Inputs stand in the order x, residual
// or x, dy, residual.
namespace batchnorm::detail {

/// y = activation((x - centre) * scale + shift [+ residual]).
template <typename S, typename Activation, bool HasResidual>
struct Normalize {
  using Scalar = S;
  static constexpr std::size_t inputs = HasResidual ? 2 : 1;
  static constexpr std::size_t outputs = 1;

  template <typename P>
  struct Coefficients {
    P centre;
    P scale;
    P shift;
  };

  const Scalar* centre;
  const Scalar* scale;
  const Scalar* shift;

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return {spread<P>(centre, channel, how), spread<P>(scale, channel, how),
            spread<P>(shift, channel, how)};
  }

  template <typename P>
  std::array<P, 1> operator()(const Coefficients<P>& k, const std::array<P, inputs>& in) const {
    std::array<P, HasResidual ? 1 : 0> residual;
    if constexpr (HasResidual) residual[0] = in[1];
    return {
        Activation::apply(preactivation(subtract(in[0], k.centre), k.scale, k.shift, residual))};
  }
};

/// g = dy behind the activation; the gradient of the residual is g itself.
template <typename Activation, bool HasResidual, typename P, typename Coefficients,
          std::size_t Inputs>
P gated(const Coefficients& k, const P& centred, const std::array<P, Inputs>& in) {
  std::array<P, HasResidual ? 1 : 0> residual;
  if constexpr (HasResidual) residual[0] = in[2];
  return Activation::gate(preactivation(centred, k.scale, k.shift, residual), in[1]);
}

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
  using Scalar = S;
  static constexpr std::size_t inputs = HasResidual ? 3 : 2;
  static constexpr std::size_t outputs = HasResidual ? 2 : 1;

  template <typename P>
  using Coefficients = typename Normalize<S, Activation, HasResidual>::template Coefficients<P>;

  Normalize<S, Activation, HasResidual> forward;

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return forward.template coefficients<P>(channel, how);
  }

  template <typename P>
  auto operator()(const Coefficients<P>& k, const std::array<P, inputs>& in) const {
    const P g = gated<Activation, HasResidual>(k, subtract(in[0], k.centre), in);
    return gradients<HasResidual>(multiply(g, k.scale), g);
  }
};

/// dx = scale * g + offset + (x - centre) * unit * slope: the gradient through the statistics
/// (Train).
template <typename S, typename Activation, bool HasResidual>
struct BatchGradient {
  using Scalar = S;
  static constexpr std::size_t inputs = HasResidual ? 3 : 2;
  static constexpr std::size_t outputs = HasResidual ? 2 : 1;

  template <typename P>
  struct Coefficients : NormalizedCoefficients<P> {
    P offset;
    P slope;
  };

  NormalizedChannels<Scalar> channels;
  const Scalar* offset;
  const Scalar* slope;

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return {spread<P>(channels, channel, how), spread<P>(offset, channel, how),
            spread<P>(slope, channel, how)};
  }

  template <typename P>
  auto operator()(const Coefficients<P>& k, const std::array<P, inputs>& in) const {
    const P centred = subtract(in[0], k.centre);
    const P g = gated<Activation, HasResidual>(k, centred, in);
    const P through_statistics = multiply_add(multiply(centred, k.unit), k.slope, k.offset);
    return gradients<HasResidual>(multiply_add(g, k.scale, through_statistics), g);
  }
};

}  // namespace batchnorm::detail
