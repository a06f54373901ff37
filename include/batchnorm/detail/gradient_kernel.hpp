#pragma once

#include "../activation.hpp"
#include "chunks.hpp"
#include "lanes.hpp"
#include "wide_sum.hpp"

namespace batchnorm::detail {

/// Per channel, what backward needs to rebuild forward's normalised values from x.
template <typename Scalar>
struct NormalizedChannels {
  const Scalar* centre;  ///< mean, rounded to Scalar
  const Scalar* scale;   ///< gamma / sqrt(variance + epsilon)
  const Scalar* shift;   ///< beta, less the scaled rest of the mean that `centre` does not hold
  const Scalar*
      unit;  ///< a power of two near 1 / sqrt(variance + epsilon), which keeps products in range
};

template <typename P>
struct NormalizedCoefficients {
  P centre;
  P scale;
  P shift;
  P unit;
};

template <typename P, typename Scalar>
NormalizedCoefficients<P> spread(const NormalizedChannels<Scalar>& channels, Index channel,
                                 Spread how) {
  return {spread<P>(channels.centre, channel, how), spread<P>(channels.scale, channel, how),
          spread<P>(channels.shift, channel, how), spread<P>(channels.unit, channel, how)};
}

/// The value that enters the activation, by the one expression that forward and backward share.
/// Subtracting before scaling keeps the digits that `x * scale + (shift - mean * scale)` loses when
/// the mean is large.
template <typename P, std::size_t Inputs>
P preactivation(const P& centred, const P& scale, const P& shift,
                const std::array<P, Inputs>& residual) {
  const P affine = multiply_add(centred, scale, shift);
  if constexpr (Inputs == 1) return add(affine, residual[0]);
  return affine;
}

/// Sum of g and of g * (x - centre) * unit, where g is dy behind the activation. Inputs: x, dy, and
/// the residual where there is one.
template <typename S, typename Activation, bool HasResidual>
struct GradientKernel {
  using Scalar = S;
  static constexpr std::size_t inputs = HasResidual ? 3 : 2;
  static constexpr std::size_t sums = 2;
  static constexpr bool has_origin = false;

  template <typename P>
  using Coefficients = NormalizedCoefficients<P>;

  NormalizedChannels<Scalar> channels;

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return spread<P>(channels, channel, how);
  }

  /// Adds any number of rows; `row_at(k, row)` is where a row of input k lies.
  template <typename P, typename Rows>
  [[gnu::flatten]] void add_rows(const Coefficients<P>& k, const Rows& row_at, Index rows,
                                 const Lanes<sums>& lanes_of_sums, Start start) const {
    // Few roundings do not average out.
    const bool few = rows < few_rows;
    WideSum<P> sum;
    WideSum<P> product;
    for (Index first = 0; first < rows; first += block_rows) {
      const P zero = broadcast<P>(0);
      std::array<P, 4> sums_of_g{zero, zero, zero, zero};
      std::array<P, 4> products{zero, zero, zero, zero};
      for_each_row(std::min(block_rows, rows - first), [&](std::size_t chain, Index in_block) {
        const Index row = first + in_block;
        const P centred = subtract(load<P>(row_at(0, row)), k.centre);
        const P g = gated(k, centred, row_at, row);
        if (few) {
          sum.add(lane_array(g).data());
        } else {
          sums_of_g[chain] = add(sums_of_g[chain], g);
        }
        products[chain] = multiply_add(g, multiply(centred, k.unit), products[chain]);
      });
      sum.add(lane_array(sum_chains(sums_of_g)).data());
      product.add(lane_array(sum_chains(products)).data());
    }
    enter(0, sum.totals(), lanes_of_sums, start);
    enter(1, product.totals(), lanes_of_sums, start);
  }

 private:
  static constexpr Index few_rows = 64;

  template <typename P, typename Rows>
  static P gated(const Coefficients<P>& k, const P& centred, const Rows& row_at, Index row) {
    const P dy = load<P>(row_at(1, row));
    if constexpr (!Activation::gates) {
      return dy;
    } else {
      std::array<P, HasResidual ? 1 : 0> residual;
      if constexpr (HasResidual) residual[0] = load<P>(row_at(2, row));
      return Activation::gate(preactivation(centred, k.scale, k.shift, residual), dy);
    }
  }

  /// Adds to a sum in double; fixed bounds let the compiler use vectors.
  template <std::size_t Width>
  static void enter(std::size_t which, const std::array<double, Width>& values,
                    const Lanes<sums>& lanes_of_sums, Start start) {
    std::array<double, Width> total{};
    if (start == Start::resume) total = lanes_of_sums.template read<Width>(which);
    for (std::size_t l = 0; l < Width; ++l) total[l] += values[l];
    lanes_of_sums.write(which, total);
  }
};

}  // namespace batchnorm::detail
