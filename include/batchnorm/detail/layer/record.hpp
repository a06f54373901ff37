#pragma once

#include <vector>

#include "../arguments/arguments.hpp"
#include "../kernels/kernels.hpp"
#include "probes.hpp"

namespace batchnorm::detail {

/// What forward leaves for backward. Part of a layer's value, not of its state.
template <typename Scalar>
struct Record {
  bool exists = false;
  bool batch_statistics = false;  ///< whether the gradient goes through the statistics
  Index forwards = 0;             ///< since the last backward
  Shape shape;
  bool has_residual = false;
  Probes<Scalar> probes;
  Probes<Scalar> residual_probes;  ///< where there is a residual
  ChannelCoefficients<Scalar> coefficients;

  /// `from` holds x and, where there is one, the residual.
  template <std::size_t N>
  void save(const Shape& of_x, const std::array<View<const Scalar>, N>& from, bool from_batch) {
    exists = true;
    batch_statistics = from_batch;
    ++forwards;
    has_residual = N == 2;
    shape = of_x;
    probes.take(from[0]);
    if constexpr (N == 2) residual_probes.take(from[1]);
  }

  /// Refuses an x that forward did not see.
  void check(const Shape& of_x, const View<const Scalar>& x) const {
    if (!exists) {
      refuse(
          "backward without a forward: call forward(x) first; a new state forgets the last "
          "forward, and a layer of another mode does not take it along.");
    }
    if (of_x != shape) {
      refuse("backward expected x of the last forward's shape ", shape, ", got ", of_x,
             "; is there one layer object per place in the network?");
    }
    check_probes("x", x, probes);
  }

  /// Refuses another residual than forward's, on whose values the mask of the activation depends.
  /// `from` holds x, dy and, where there is one, the residual.
  template <std::size_t N>
  void check_residual(const std::array<View<const Scalar>, N>& from) const {
    if (has_residual != (N == 3)) {
      refuse("backward ", N == 3 ? "got a residual" : "misses the residual",
             " that the last forward ", N == 3 ? "did not have" : "had",
             "; give both calls the same residual(r).");
    }
    if constexpr (N == 3) check_probes("residual", from[2], residual_probes);
  }

 private:
  void check_probes(const char* name, const View<const Scalar>& values,
                    const Probes<Scalar>& expected) const {
    const Index channel = expected.differing_channel(values);
    if (channel < 0) return;
    expected.refuse_other(
        name, values, channel,
        forwards > 1 ? "; there was a second forward since the last backward, and backward "
                       "follows the last one: call backward before the next forward, or have one "
                       "layer object per place in the network."
                     : "; was it overwritten, for example by a forward in place? Keep it as it is "
                       "until backward.");
  }
};

/// Memory that calls need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
template <typename Scalar>
struct Workspace {
  SumsWorkspace sums;
  std::vector<SumsWorkspace> parts;  ///< of parts that are summed at the same time
  ChannelArray<double> mean;
  ChannelArray<double> low;  ///< what mean leaves out; only values in double have it
  ChannelArray<double> m2;
  GradientCoefficients<Scalar> gradient;

  void resize(Index channels) {
    for (auto* values : {&mean, &m2}) values->resize(channels);
    if constexpr (keeps_low<Scalar>) low.resize(channels);
  }

  /// Room for the sums of all channels of x at once, of which parts need less: a smaller x may be
  /// one part.
  void make_room(const View<const Scalar>& x) { make_room(sums, x); }

  /// Room for the sums of `count` parts, each of them no larger than `part`, so that no thread
  /// needs to allocate.
  void make_room(Index count, const View<const Scalar>& part) {
    const auto size = static_cast<std::size_t>(count);
    if (parts.size() < size) parts.resize(size);
    for (std::size_t k = 0; k < size; ++k) make_room(parts[k], part);
  }

  SumsWorkspace& of_part(Index k) { return parts[static_cast<std::size_t>(k)]; }

  ChannelMoments moments() {
    return {mean.data(), keeps_low<Scalar> ? low.data() : nullptr, m2.data()};
  }

 private:
  static constexpr std::size_t most_sums = moments_sums<Scalar>;

  static void make_room(SumsWorkspace& sums, View<const Scalar> x) {
    const LoopOrder order = arrange(x);
    if (order != LoopOrder::planes) return;
    sums.make_room(x, order, most_sums, lanes_of_any_packet);
    const auto values = static_cast<std::size_t>(Chunks(x, order).size() * x.channels);
    sums.chunks.reserve(values * most_sums);
  }
};

}  // namespace batchnorm::detail
