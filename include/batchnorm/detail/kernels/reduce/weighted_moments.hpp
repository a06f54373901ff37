#ifndef BATCHNORM_REDUCE_WEIGHTED_MOMENTS
#define BATCHNORM_REDUCE_WEIGHTED_MOMENTS

#include <algorithm>

#include "../packet/two_sum.hpp"
#include "weighted_sums.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Mean and m2 of a chunk whose positions have weights, `total` together: m2 = sum w (x - origin)^2
/// - (sum w (x - origin))^2 / W, with the first value that weighs as the origin. Where float has
/// too few digits or too little range for that, and where values are few, it is done in double;
/// values in double are summed again from their mean.
template <typename Data>
class WeightedChunkMoments {
 public:
  using Scalar = ArithmeticOf<Data>;

  WeightedChunkMoments(const View<const Data>& view, const Weights<Scalar>& weights,
                       const Chunk& chunk, LoopOrder order, double total, const Slots& slots)
      : view_(view),
        weights_(weights),
        chunk_(chunk),
        order_(order),
        total_(total),
        slots_(slots) {}

  void find(const ChannelRange& range) {
    for (std::size_t k = 0; k < moments_sums<Scalar>; ++k)
      std::fill(slots_.row(k) + range.begin, slots_.row(k) + range.end, 0.0);
    if (total_ == 0.0) return;
    const Origins<Data> origin{first_weighing(), view_.channel_stride};
    for (Index c = range.begin; c < range.end; ++c) slots_(0, c) = static_cast<double>(origin(c));
    if constexpr (keeps_low<Scalar>) {
      sum<double>(origin, range);
      finish(range);
      sum<double>({slots_.row(0), 1}, range);
    } else if (chunk_.count() <= few_values) {
      sum<double>(origin, range);
    } else {
      sum<Scalar>(origin, range);
      sum_again(origin, range);
    }
    finish(range);
  }

 private:
  /// Whose roundings would not average out.
  static constexpr Index few_values = 64;

  const Data* first_weighing() const {
    for (Index o = chunk_.outer_begin; o < chunk_.outer_end; ++o) {
      for (Index i = chunk_.inner_begin; i < chunk_.inner_end; ++i)
        if (*weights_.at(o, i) > Scalar(0)) return &view_(o, 0, i);
    }
    return view_.data;
  }

  template <typename Work>
  void sum(const Origins<Data>& origin, const ChannelRange& range) const {
    WeightedChunk<Data, Work>(view_, weights_, chunk_, order_, origin, slots_).sum(range);
  }

  /// Whether the squares left the range of float, or the origin is more than four deviations from
  /// the mean.
  bool is_doubtful(Index c) const {
    constexpr double least = 0x1p-90;
    const double sum = slots_(1, c);
    const double squares = slots_(2, c);
    return !(squares >= least * total_ && squares >= least && squares < 0x1p120 &&
             17.0 * sum * (sum / total_) <= 16.0 * squares);
  }

  void sum_again(const Origins<Data>& origin, const ChannelRange& range) const {
    for (Index c = range.begin; c < range.end; ++c) {
      Index end = c;
      while (end < range.end && is_doubtful(end)) ++end;
      if (end > c) sum<double>(origin, {c, end});
      c = std::max(c, end - 1);
    }
  }

  /// Turns origin, sum and squares into mean and m2.
  void finish(const ChannelRange& range) const {
    const double share = 1.0 / total_;
    for_each_channel_packet(range, [&]<typename P>(const ChannelsAt<P>& at) {
      const P sum = at.load(slots_.row(1));
      const P shift = held(multiply(sum, broadcast<P>(share)));
      const P none = broadcast<P>(0);
      const P m2 = multiply_add(minus(sum), shift, at.load(slots_.row(2)));
      const auto mean = two_sum(at.load(slots_.row(0)), shift);
      at.store(slots_.row(0), mean.sum);
      at.store(slots_.row(2), select_less(m2, none, none, m2));
      if constexpr (keeps_low<Scalar>) at.store(slots_.row(3), mean.rest);
    });
  }

  View<const Data> view_;
  Weights<Scalar> weights_;
  Chunk chunk_;
  LoopOrder order_;
  double total_;
  Slots slots_;
};

template <typename Data>
void sum_weighted_moments(const View<const Data>& view, const Weights<ArithmeticOf<Data>>& weights,
                          const Chunk& chunk, LoopOrder order, const ChannelRange& range,
                          double total, const Slots& slots) {
  const VectorScope scope;
  WeightedChunkMoments<Data>(view, weights, chunk, order, total, slots).find(range);
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
