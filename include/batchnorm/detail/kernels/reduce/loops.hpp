#pragma once

#include "../../../scalar.hpp"
#include "../../order/chunks.hpp"
#include "../../order/short_runs.hpp"
#include "channel_moments.hpp"

// What a reduction asks of an instruction set: its loops over values, and what it computes per
// channel. All that surrounds them is compiled once, whatever the set.
namespace batchnorm::detail {

/// Whether runs, or rows, of x come from so far away that they are asked for ahead of time.
template <typename Scalar>
bool comes_from_far(const View<const Scalar>& x) {
  constexpr Index near_values = 1 << 20;
  return x.outer * x.outer_stride > near_values;
}

template <typename Scalar, std::size_t N>
using Views = std::array<View<const Scalar>, N>;

/// Where a chunk's sums are kept: sum k of channel c is `first[k * stride + c]`.
struct Slots {
  double* first;
  Index stride;

  double* row(std::size_t k) const { return first + static_cast<Index>(k) * stride; }
  double& operator()(std::size_t k, Index c) const { return row(k)[c]; }
};

/// Sums of moments: origin, sum and squares, which become mean, excess and m2; of double also what
/// roundings leave out.
template <typename Scalar>
inline constexpr std::size_t moments_sums = keeps_low<Scalar> ? 4 : 3;

/// Sums of backward: of g, and of g * (x - centre) * unit.
inline constexpr std::size_t gradient_sums = 2;

/// Where a chunk's moments stand in its slots.
template <typename Scalar>
ChannelMoments moments_in(const Slots& slots) {
  return {slots.row(0), keeps_low<Scalar> ? slots.row(3) : nullptr, slots.row(2)};
}

/// The moments of an instruction set.
template <typename Data>
struct MomentsLoops {
  Index packet;         ///< values of a packet
  Index most_channels;  ///< that `sum` takes at once
  /// Moments of channels [c_begin, c_end) of a chunk, into its slots.
  void (*sum)(const View<const Data>& view, const Chunk& chunk, Index c_begin, Index c_end,
              LoopOrder order, const Slots& slots);
  /// See merge.hpp.
  void (*merge)(Index channels, double count_a, const ChannelMoments& a, double count_b,
                const GivenMoments& b);
  /// See merge.hpp.
  void (*merge_runs)(const PlaceMap& map, Index count, const ChannelMoments& places,
                     const ChannelMoments& to);
};

/// Per channel, what the gradient sums need to rebuild forward's normalised values from x: in units
/// of a power of two near the deviation, which keeps products in range and changes no digit.
template <typename Scalar>
struct UnitChannels {
  const Scalar* unit;            ///< a power of two near 1 / sqrt(variance + epsilon)
  const Scalar* centre_units;    ///< -centre * unit
  const Scalar* scale_per_unit;  ///< scale / unit
  const Scalar* shift;
  PlaceMap map;  ///< which channel is at which place of a row
};

/// The sums of backward of an instruction set and an activation.
template <typename Data, std::size_t Inputs>
struct GradientLoops {
  Index packet;         ///< values of a packet
  Index most_channels;  ///< that `sum` takes at once
  /// Sums of channels [c_begin, c_end) of a chunk, into its slots.
  void (*sum)(const UnitChannels<ArithmeticOf<Data>>& channels, const Views<Data, Inputs>& views,
              const Chunk& chunk, Index c_begin, Index c_end, LoopOrder order, const Slots& slots);
};

}  // namespace batchnorm::detail
