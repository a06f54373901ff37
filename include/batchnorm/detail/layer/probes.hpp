#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "../../scalar.hpp"
#include "../order/channels.hpp"
#include "../refusal/refusal.hpp"
#include "same_bits.hpp"

namespace batchnorm::detail {

/// Where a value stands in a view.
struct Position {
  Index outer;
  Index channel;
  Index inner;
};

/// Places in the unit cube that leave no part of it empty, however many are taken from the first
/// on: multiples of the powers of 1 / g, modulo 1, where g^4 = g + 1 (Roberts 2018, "The
/// unreasonable effectiveness of quasirandom sequences").
class SpreadPlaces {
 public:
  static constexpr std::size_t most = 64;

  constexpr SpreadPlaces() {
    for (std::size_t k = 0; k < most; ++k)
      for (std::size_t axis = 0; axis < 3; ++axis) places_[k][axis] = fraction(k, axis);
  }

  template <typename Scalar>
  Position operator()(std::size_t k, const View<Scalar>& view) const {
    return {scaled(places_[k][0], view.outer), scaled(places_[k][1], view.channels),
            scaled(places_[k][2], view.inner)};
  }

 private:
  static constexpr double fraction(std::size_t k, std::size_t axis) {
    constexpr std::array<double, 3> step{0.8191725133961645, 0.6710436067037893,
                                         0.5497004779019703};
    const double all = static_cast<double>(k + 1) * step[axis];
    return all - static_cast<double>(static_cast<std::int64_t>(all));
  }

  static Index scaled(double place, Index extent) {
    return static_cast<Index>(place * static_cast<double>(extent));
  }

  std::array<std::array<double, 3>, most> places_{};
};

inline constexpr SpreadPlaces spread_places;

/// Some values of a tensor, by which `backward` tells another one from it: one of every channel,
/// from the middle, and some that are spread over the whole.
template <typename Scalar>
class Probes {
 public:
  explicit Probes(const Source& source) : middle_(source) {}

  void take(const View<const Scalar>& values) {
    middle_.resize(values.count() == 0 ? 0 : values.channels);
    for (Index c = 0; c < middle_.size(); ++c) middle_[c] = middle_of(values, c);
    spread_.place(values);
    for (std::size_t k = 0; k < spread_.count(); ++k) values_[k] = spread_.of(values, k);
  }

  /// The channel of a value that differs from the one that was taken, or -1. `values` has the shape
  /// of what was taken.
  Index differing_channel(const View<const Scalar>& values) const {
    // Without a branch for each value, so that they go into vectors.
    Index others = 0;
    for (Index c = 0; c < middle_.size(); ++c)
      others += static_cast<Index>(!same_bits(middle_of(values, c), middle_[c]));
    if (others > 0) return differing_middle(values);
    if (spread_.is_placed(values)) return differing_spread(values, spread_);
    Spread elsewhere;
    elsewhere.place(values);
    return differing_spread(values, elsewhere);
  }

  /// Refuses `values` for what they hold in a differing channel. `why` ends the sentence.
  [[noreturn]] void refuse_other(const char* name, const View<const Scalar>& values, Index channel,
                                 const char* why) const {
    for (std::size_t k = 0; k < spread_.count(); ++k) {
      const Position at = spread_places(k, values);
      const Scalar now = values(at.outer, at.channel, at.inner);
      if (at.channel == channel && !same_bits(now, values_[k]))
        refuse_value(name, channel, values_[k], now, why);
    }
    refuse_value(name, channel, middle_[channel], middle_of(values, channel), why);
  }

 private:
  /// Offsets of the spread values, kept from call to call.
  class Spread {
   public:
    void place(const View<const Scalar>& view) {
      if (is_placed(view)) return;
      placed_ = view;
      count_ = static_cast<std::size_t>(
          std::min(view.count() * view.channels / values_each, Index{SpreadPlaces::most}));
      for (std::size_t k = 0; k < count_; ++k) {
        const Position at = spread_places(k, view);
        offsets_[k] = view.offset(at.outer, at.channel, at.inner);
      }
    }

    bool is_placed(const View<const Scalar>& view) const {
      return placed_.outer == view.outer && placed_.channels == view.channels &&
             placed_.inner == view.inner && placed_.outer_stride == view.outer_stride &&
             placed_.channel_stride == view.channel_stride &&
             placed_.inner_stride == view.inner_stride;
    }

    std::size_t count() const { return count_; }
    Scalar of(const View<const Scalar>& view, std::size_t k) const {
      return view.data[offsets_[k]];
    }

   private:
    /// Small tensors have fewer: looking at them must not cost what summing them does.
    static constexpr Index values_each = 16;

    View<const Scalar> placed_;
    std::size_t count_ = 0;
    std::array<Index, SpreadPlaces::most> offsets_{};
  };

  static Scalar middle_of(const View<const Scalar>& values, Index channel) {
    return values(values.outer / 2, channel, values.inner / 2);
  }

  Index differing_middle(const View<const Scalar>& values) const {
    Index c = 0;
    while (same_bits(middle_of(values, c), middle_[c])) ++c;
    return c;
  }

  /// `placed` has the strides of `values`, which may be others than those that were taken.
  Index differing_spread(const View<const Scalar>& values, const Spread& placed) const {
    for (std::size_t k = 0; k < placed.count(); ++k) {
      if (!same_bits(placed.of(values, k), values_[k])) return spread_places(k, values).channel;
    }
    return -1;
  }

  [[noreturn]] static void refuse_value(const char* name, Index channel, Scalar before, Scalar now,
                                        const char* why) {
    using Number = ArithmeticOf<Scalar>;
    refuse("backward got another ", name, " than the last forward: channel ", channel, " held ",
           static_cast<Number>(before), " and holds ", static_cast<Number>(now), why);
  }

  ChannelArray<Scalar> middle_;
  Spread spread_;
  std::array<Scalar, SpreadPlaces::most> values_{};
};

}  // namespace batchnorm::detail
