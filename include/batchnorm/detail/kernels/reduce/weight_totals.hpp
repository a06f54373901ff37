#ifndef BATCHNORM_REDUCE_WEIGHT_TOTALS
#define BATCHNORM_REDUCE_WEIGHT_TOTALS

#include <limits>

#include "../../order/weights.hpp"
#include "../formulas/channel_packets.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// What the weights of a line come to, lane by lane.
template <typename P>
struct WeightLanes {
  P least;       ///< below 0 for a negative weight
  P nothing;     ///< NaN for a weight that is not finite
  P from_one;    ///< the largest distance from 1
  P from_whole;  ///< the largest distance from a whole number

  WeightLanes()
      : least(broadcast<P>(0)),
        nothing(broadcast<P>(0)),
        from_one(broadcast<P>(0)),
        from_whole(broadcast<P>(0)) {}

  void add(const P& weight) {
    using Scalar = ScalarOf<P>;
    const P all_are_whole = broadcast<P>(Scalar(1) / std::numeric_limits<Scalar>::epsilon());
    const P raised = held(kernels::add(weight, all_are_whole));
    const P whole =
        select_less(weight, all_are_whole, held(subtract(raised, all_are_whole)), weight);
    least = minimum(least, weight);
    nothing = kernels::add(nothing, multiply(broadcast<P>(0), weight));
    from_one = maximum(from_one, absolute(subtract(weight, broadcast<P>(1))));
    from_whole = maximum(from_whole, absolute(subtract(weight, whole)));
  }
};

/// The sum of weights in double, and how many are not 0.
template <typename Scalar>
class WeightTotalsKernel {
 public:
  // Written out, as all that begins a packet: what a compiler adds by itself is built outside of
  // this instruction set.
  WeightTotalsKernel() : sums_(Widened<Scalar>::zero()), weighing_lanes_(Widened<Scalar>::zero()) {}

  WeightTotals of(const Weights<Scalar>& weights, const Chunk& chunk) {
    for_each_line(weights, chunk, [&](const Scalar* at, Index step, Index count) {
      Index k = 0;
      if (step == 1) {
        for (; k + lanes<Wide> <= count; k += lanes<Wide>) add_packet(at + k);
      }
      if (step == 0) {
        add_one(*at, count);
      } else {
        for (; k < count; ++k) add_one(at[k * step], 1);
      }
    });
    WeightTotals totals;
    totals.sum = sums_.total() + rest_;
    totals.weighing = weighing_ + static_cast<Index>(weighing_lanes_.total());
    totals.are_weights = holds(
                             lanes_.least, [](double x) { return x >= 0.0; }, one_.least) &&
                         holds(
                             lanes_.nothing, [](double x) { return x == 0.0; }, one_.nothing);
    const auto zero = [](double x) { return x == 0.0; };
    totals.all_one = holds(lanes_.from_one, zero, one_.from_one);
    totals.are_counts = holds(lanes_.from_whole, zero, one_.from_whole);
    return totals;
  }

 private:
  using Wide = PacketOf<Scalar>;

  void add_packet(const Scalar* at) {
    const Wide weight = load<Wide>(at);
    const Wide none = broadcast<Wide>(0);
    const Widened<Scalar> in_double(weight);
    const Widened<Scalar> weighs(select_less(none, weight, broadcast<Wide>(1), none));
    unroll<in_double.size>([&](auto k) {
      sums_[k] = add(sums_[k], in_double[k]);
      weighing_lanes_[k] = add(weighing_lanes_[k], weighs[k]);
    });
    lanes_.add(weight);
  }

  void add_one(Scalar weight, Index times) {
    rest_ += static_cast<double>(times) * static_cast<double>(weight);
    if (weight > Scalar(0)) weighing_ += times;
    one_.add(weight);
  }

  template <typename Holds>
  static bool holds(const Wide& packet, const Holds& of, Scalar one) {
    bool result = of(static_cast<double>(one));
    for (const Scalar value : lane_array(packet)) result = result && of(static_cast<double>(value));
    return result;
  }

  Widened<Scalar> sums_;
  Widened<Scalar> weighing_lanes_;
  WeightLanes<Wide> lanes_;
  double rest_ = 0.0;
  Index weighing_ = 0;
  WeightLanes<Scalar> one_;
};

/// The sum of the weights of a chunk.
template <typename Scalar>
double sum_of_weights(const Weights<Scalar>& weights, const Chunk& chunk) {
  const VectorScope scope;
  Widened<Scalar> sums = Widened<Scalar>::zero();
  double rest = 0.0;
  for_each_line(weights, chunk, [&](const Scalar* at, Index step, Index count) {
    constexpr Index width = lanes<PacketOf<Scalar>>;
    Index k = 0;
    if (step == 1) {
      for (; k + width <= count; k += width) {
        const auto some = Widened<Scalar>::load(at + k);
        unroll<some.size>([&](auto part) { sums[part] = add(sums[part], some[part]); });
      }
    }
    if (step == 0) {
      rest += static_cast<double>(count) * static_cast<double>(*at);
    } else {
      for (; k < count; ++k) rest += static_cast<double>(at[k * step]);
    }
  });
  return sums.total() + rest;
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
