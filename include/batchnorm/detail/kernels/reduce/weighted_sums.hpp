#ifndef BATCHNORM_REDUCE_WEIGHTED_SUMS
#define BATCHNORM_REDUCE_WEIGHTED_SUMS

#include <algorithm>
#include <array>

#include "../../order/weights.hpp"
#include "../formulas/channel_packets.hpp"
#include "loops.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// As many values as a packet of `P` has, or one, as numbers of `P`.
template <typename P, typename Scalar>
P load_as(const Scalar* from) {
  if constexpr (std::is_same_v<ScalarOf<P>, ArithmeticOf<Scalar>>) {
    return load<P>(from);
  } else {
    return load_in_double<P>(from);
  }
}

/// Adds to sums in double.
inline void add_to(double* sums, double value) { *sums += value; }

template <typename P>
requires(!is_scalar<P>) void add_to(double* sums, const P& values) {
  Widened<ScalarOf<P>>(values).add_to(sums);
}

/// Sums of w (x - origin) and w (x - origin)^2.
template <typename P>
struct WeightedSums {
  P sum;
  P squares;

  // Written out: what a compiler adds by itself is built outside of this instruction set.
  WeightedSums() : sum(broadcast<P>(0)), squares(broadcast<P>(0)) {}
  WeightedSums(const P& first_sum, const P& first_squares)
      : sum(first_sum), squares(first_squares) {}

  void add(const P& deviation, const P& weight) {
    const P weighted = multiply(weight, deviation);
    sum = kernels::add(sum, weighted);
    squares = multiply_add(weighted, deviation, squares);
  }
};

/// What deviations are measured from, one value per channel.
template <typename Data>
struct Origins {
  const Data* first;
  Index stride;

  ArithmeticOf<Data> operator()(Index c) const { return widened_value(first[c * stride]); }
};

/// The sums of a chunk whose positions have weights: a few values at a time as numbers of `Work`,
/// and those in double. What weighs nothing is not looked at, whatever it holds.
template <typename Data, typename Work>
class WeightedChunk {
 public:
  using Scalar = ArithmeticOf<Data>;
  static constexpr Index most_channels = 512;

  /// Where channels stand beside each other, so do the origins.
  WeightedChunk(const View<const Data>& view, const Weights<Scalar>& weights, const Chunk& chunk,
                LoopOrder order, const Origins<Data>& origin, const Slots& slots)
      : view_(view),
        weights_(weights),
        chunk_(chunk),
        order_(order),
        origin_(origin),
        slots_(slots) {}

  /// Into slots 1 and 2 of some channels.
  void sum(const ChannelRange& range) {
    for (std::size_t k : {1U, 2U})
      std::fill(slots_.row(k) + range.begin, slots_.row(k) + range.end, 0.0);
    if (order_ == LoopOrder::rows) return add_rows(range);
    Index c = range.begin;
    for (; c + Index{together} <= range.end; c += Index{together}) add_channels<together>(c);
    for (; c < range.end; ++c) add_channels<1>(c);
  }

 private:
  using Wide = PacketOf<Work>;
  static constexpr Index rows_together = 16;     ///< as numbers of `Work`
  static constexpr std::size_t together = 4;     ///< channels that share a weight
  static constexpr Index packets_together = 32;  ///< of a run, as numbers of `Work`

  /// Sums of rows stand in the nearest cache: those of some as numbers of `Work`, and then in
  /// double.
  struct RowSums {
    alignas(64) std::array<Work, std::size_t{most_channels}> sum{};
    alignas(64) std::array<Work, std::size_t{most_channels}> squares{};
  };

  /// A row that weighs something.
  struct WeighingRow {
    const Data* first = nullptr;
    Work weight = 0;
  };

  void add_rows(const ChannelRange& range) const {
    RowSums sums;
    std::array<WeighingRow, 2> pair;
    Index rows = 0;
    const Data* const origin = origin_.first + range.begin;
    const Index ahead = rows_ahead();
    for (Index o = chunk_.outer_begin; o < chunk_.outer_end; ++o) {
      const Data* const row = &view_(o, range.begin, 0);
      if (ahead > 0) prefetch_row(row + ahead * view_.outer_stride, range.size());
      const auto weight = static_cast<Work>(*weights_.at(o, 0));
      if (!(weight > Work(0))) continue;
      pair[static_cast<std::size_t>(rows % 2)] = {row, weight};
      if (++rows % 2 == 0) add_row(sums, pair, origin, range.size());
      if (rows % rows_together == 0) enter(sums, range);
    }
    if (rows % 2 == 1) add_row(sums, std::array{pair[0]}, origin, range.size());
    enter(sums, range);
  }

  /// Rows that weigh nothing are passed over, which no processor foresees: where rows come from far
  /// away, those that follow are asked for.
  Index rows_ahead() const {
    constexpr Index values = 1024;
    if (!comes_from_far(view_)) return 0;
    return std::max<Index>(values / view_.outer_stride, 1);
  }

  static void prefetch_row(const Data* row, Index channels) {
    for (Index c = 0; c < channels; c += values_in_line<Data>) prefetch(row + c);
  }

  template <std::size_t N>
  [[gnu::flatten]] static void add_row(RowSums& sums, const std::array<WeighingRow, N>& rows,
                                       const Data* origin, Index channels) {
    Index c = 0;
    for (; c + lanes<Wide> <= channels; c += lanes<Wide>) add_values<Wide>(sums, rows, origin, c);
    for (; c < channels; ++c) add_values<Work>(sums, rows, origin, c);
  }

  template <typename P, std::size_t N>
  static void add_values(RowSums& sums, const std::array<WeighingRow, N>& rows, const Data* origin,
                         Index c) {
    Work* const sum = sums.sum.data() + c;
    Work* const squares = sums.squares.data() + c;
    WeightedSums<P> of{load<P>(sum), load<P>(squares)};
    const P from = load_as<P>(origin + c);
    unroll<N>([&](auto k) {
      of.add(subtract(load_as<P>(rows[k].first + c), from), broadcast<P>(rows[k].weight));
    });
    store(sum, of.sum);
    store(squares, of.squares);
  }

  /// Adds what rows have summed to the sums in double.
  void enter(RowSums& sums, const ChannelRange& range) const {
    for_each_channel_packet({0, range.size()}, [&]<typename P>(const ChannelsAt<P>& at) {
      double* const sum = slots_.row(1) + range.begin;
      double* const squares = slots_.row(2) + range.begin;
      at.store(sum, add(at.load(sum), at.load(sums.sum.data())));
      at.store(squares, add(at.load(squares), at.load(sums.squares.data())));
    });
    std::fill_n(sums.sum.data(), range.size(), Work(0));
    std::fill_n(sums.squares.data(), range.size(), Work(0));
  }

  /// What the channels of a group have summed: lanes, and what filled no packet.
  template <std::size_t N>
  struct Group {
    std::array<std::array<double, std::size_t{lanes<Wide>}>, N> sum{};
    std::array<std::array<double, std::size_t{lanes<Wide>}>, N> squares{};
    std::array<WeightedSums<double>, N> rest;
  };

  /// `N` channels, for which a weight is read once.
  template <std::size_t N>
  void add_channels(Index c) const {
    Group<N> group;
    const Index step = order_ == LoopOrder::planes ? weights_.inner.step(view_.inner) : -1;
    for (Index o = chunk_.outer_begin; o < chunk_.outer_end; ++o) {
      Index i = chunk_.inner_begin;
      if (step == 0 || step == 1) {
        while (chunk_.inner_end - i >= lanes<Wide>) i = add_packets(group, o, c, i, step);
      }
      for (; i < chunk_.inner_end; ++i) add_position(group, o, c, i);
    }
    for (std::size_t k = 0; k < N; ++k) {
      slots_(1, c + static_cast<Index>(k)) = sum_of(group.sum[k]) + group.rest[k].sum;
      slots_(2, c + static_cast<Index>(k)) = sum_of(group.squares[k]) + group.rest[k].squares;
    }
  }

  template <std::size_t N>
  void add_position(Group<N>& group, Index o, Index c, Index i) const {
    const auto weight = static_cast<double>(*weights_.at(o, i));
    if (!(weight > 0.0)) return;
    for (std::size_t k = 0; k < N; ++k) {
      const Index channel = c + static_cast<Index>(k);
      group.rest[k].add(static_cast<double>(widened_value(view_(o, channel, i))) -
                            static_cast<double>(origin_(channel)),
                        weight);
    }
  }

  /// How far ahead runs are asked for; 0 where they come from near.
  Index values_ahead() const {
    constexpr Index bytes = 2048;
    return comes_from_far(view_) ? bytes / Index{sizeof(Data)} : 0;
  }

  /// From a position beyond a run's end to where the next run goes on.
  Index behind_run(Index i) const { return i < view_.inner ? 0 : view_.outer_stride - view_.inner; }

  /// Adds some packets of a run, and returns what is behind them. Of what weighs nothing the
  /// deviation is 0.
  template <std::size_t N>
  [[gnu::flatten]] Index add_packets(Group<N>& group, Index o, Index c, Index i, Index step) const {
    const Index end =
        i + std::min((chunk_.inner_end - i) / lanes<Wide>, packets_together) * lanes<Wide>;
    const Wide none = broadcast<Wide>(0);
    std::array<const Data*, N> values;
    std::array<Wide, N> origins;
    std::array<WeightedSums<Wide>, N> sums;
    unroll<N>([&](auto k) {
      values[k] = &view_(o, c + Index{k}, i);
      origins[k] = broadcast<Wide>(static_cast<Work>(origin_(c + Index{k})));
    });
    const Scalar* weight = weights_.at(o, i);
    const Index weight_step = step * lanes<Wide>;
    const Index ahead = values_ahead();
    for (Index p = 0; p < end - i; p += lanes<Wide>, weight += weight_step) {
      const Wide w =
          step == 0 ? broadcast<Wide>(static_cast<Work>(*weight)) : load_as<Wide>(weight);
      if (ahead > 0 && p % values_in_line<Data> == 0) {
        const Index there = p + behind_run(i + p + ahead) + ahead;
        unroll<N>([&](auto k) { prefetch(values[k] + there); });
      }
      unroll<N>([&](auto k) {
        const Wide deviation = subtract(load_as<Wide>(values[k] + p), origins[k]);
        sums[k].add(select_less(none, w, deviation, none), w);
      });
    }
    unroll<N>([&](auto k) {
      add_to(group.sum[k].data(), sums[k].sum);
      add_to(group.squares[k].data(), sums[k].squares);
    });
    return end;
  }

  View<const Data> view_;
  Weights<Scalar> weights_;
  Chunk chunk_;
  LoopOrder order_;
  Origins<Data> origin_;
  Slots slots_;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
