#ifndef BATCHNORM_REDUCE_GRADIENT_KERNEL
#define BATCHNORM_REDUCE_GRADIENT_KERNEL

#include <algorithm>
#include <array>

#include "../formulas/preactivation.hpp"
#include "compensated_sum.hpp"
#include "kernel.hpp"
#include "place_reader.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename P>
struct UnitCoefficients {
  P unit;
  P centre_units;
  P scale_per_unit;
  P shift;

  /// (x - centre) * unit, rounded once.
  P centred(const P& x) const { return multiply_add(x, unit, centre_units); }
};

/// Sums of g and of g * (x - centre) * unit, where g is dy behind the activation. Inputs: x, dy,
/// and the residual where there is one. With `PassesOver`, elements whose dy is 0 add nothing,
/// whatever x is there.
template <typename S, typename Activation, bool HasResidual, bool PassesOver = false>
struct GradientKernel {
  using Data = S;
  using Scalar = ArithmeticOf<Data>;
  static constexpr std::size_t inputs = HasResidual ? 3 : 2;
  static constexpr std::size_t sums = gradient_sums;
  static constexpr bool has_origin = false;

  template <typename P>
  using Coefficients = UnitCoefficients<P>;

  template <typename P>
  struct Part {
    ValueSum<P> sum;
    TwoLevelSum<P> product;

    void settle() { product.settle(); }
  };

  UnitChannels<Scalar> channels;

  /// Few roundings do not average out: then fewer follow each other.
  static Index rows_in_block(Index count) {
    return std::clamp<Index>(count / 64 * 16, 4, block_rows);
  }

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    const PlaceReader<P> of(channels.map, channel, how);
    return {of(channels.unit), of(channels.centre_units), of(channels.scale_per_unit),
            of(channels.shift)};
  }

  template <typename P, typename Totals>
  Coefficients<P> begin(Index channel, Spread how, const Pilot<P>& /*pilot*/,
                        Totals& totals) const {
    totals = {};
    return coefficients<P>(channel, how);
  }

  /// (x - centre) * unit.
  template <typename P>
  static P centred(const Coefficients<P>& k, const std::array<P, inputs>& row) {
    const P value = k.centred(row[0]);
    if constexpr (!PassesOver) return value;
    const P none = broadcast<P>(0);
    return select_less(none, absolute(row[1]), value, none);
  }

  /// dy behind the activation.
  template <typename P>
  static P gated(const Coefficients<P>& k, const P& centred, const std::array<P, inputs>& row) {
    return gradient_behind<Activation, HasResidual>(centred, k.scale_per_unit, k.shift, row);
  }

  template <typename P>
  Part<P> none(const Coefficients<P>& /*k*/) const {
    return {ValueSum<P>(broadcast<P>(0)), TwoLevelSum<P>()};
  }

  template <typename P>
  void add(Part<P>& part, const Coefficients<P>& k, const std::array<P, inputs>& row) const {
    const P deviation = centred(k, row);
    const P g = gated(k, deviation, row);
    part.sum.add(g);
    part.product.add_product(g, deviation);
  }

  template <typename P>
  void add(Part<P>& part, const Coefficients<P>& k,
           const std::array<std::array<P, inputs>, 4>& rows) const {
    const P a = centred(k, rows[0]);
    const P b = centred(k, rows[1]);
    const P c = centred(k, rows[2]);
    const P d = centred(k, rows[3]);
    // By name, since compilers differ in which argument of a call they compute first.
    const P of_a = added(part, k, a, rows[0]);
    const P of_b = added(part, k, b, rows[1]);
    const P of_c = added(part, k, c, rows[2]);
    const P of_d = added(part, k, d, rows[3]);
    const P some = multiply_add(of_a, a, multiply(of_b, b));
    const P others = multiply_add(of_c, c, multiply(of_d, d));
    part.product.add(kernels::add(some, others));
  }

  template <typename P>
  static void merge(Part<P>& into, const Part<P>& from, const Coefficients<P>& /*k*/) {
    into.sum.add(from.sum, broadcast<P>(0));
    into.product.add(from.product);
  }

  template <typename P>
  static std::array<P, inputs> idle(const Coefficients<P>& /*k*/) {
    std::array<P, inputs> result;
    result.fill(broadcast<P>(0));
    return result;
  }

  /// Adds a part to the sums.
  template <typename P, typename Totals>
  void enter(const Part<P>& part, Index /*rows*/, const Coefficients<P>& /*k*/,
             Totals& totals) const {
    part.sum.totals(broadcast<P>(0)).add_to(totals[0].data());
    InDouble<P>(part.product.total()).add_to(totals[1].data());
  }

 private:
  /// Adds g to its sum.
  template <typename P>
  static P added(Part<P>& part, const Coefficients<P>& k, const P& centred,
                 const std::array<P, inputs>& row) {
    const P g = held(gated(k, centred, row));
    part.sum.add(g);
    return g;
  }
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
