#pragma once

#include "steps.hpp"

namespace batchnorm::detail {

/// What forward leaves for backward. Part of a layer's value, not of its state.
template <typename Scalar>
struct Record {
  bool exists = false;
  bool batch_statistics = false;  ///< whether the gradient goes through the statistics
  Shape shape;
  bool has_residual = false;
  ChannelArray<Scalar> probes;           ///< one value of x per channel; none for an empty x
  ChannelArray<Scalar> residual_probes;  ///< likewise of the residual, where there is one
  ChannelCoefficients<Scalar> coefficients;

  /// `from` holds x and, where there is one, the residual.
  template <std::size_t N>
  void save(const Shape& of_x, const std::array<View<const Scalar>, N>& from, bool from_batch) {
    exists = true;
    batch_statistics = from_batch;
    has_residual = N == 2;
    shape = of_x;
    take_probes(from[0], probes);
    if constexpr (N == 2) take_probes(from[1], residual_probes);
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
  static void take_probes(const View<const Scalar>& values, ChannelArray<Scalar>& into) {
    into.resize(values.count() == 0 ? 0 : values.channels);
    for (Index c = 0; c < into.size(); ++c) into[c] = probe(values, c);
  }

  static void check_probes(const char* name, const View<const Scalar>& values,
                           const ChannelArray<Scalar>& expected) {
    // Without a branch for each channel, so that they go into vectors.
    Index others = 0;
    for (Index c = 0; c < expected.size(); ++c)
      others += static_cast<Index>(!same_bits(probe(values, c), expected[c]));
    if (others > 0) refuse_other(name, values, expected);
  }

  [[noreturn]] static void refuse_other(const char* name, const View<const Scalar>& values,
                                        const ChannelArray<Scalar>& expected) {
    Index c = 0;
    while (same_bits(probe(values, c), expected[c])) ++c;
    refuse("backward got another ", name, " than the last forward: channel ", c, " held ",
           expected[c], " and holds ", probe(values, c), "; was ", name,
           " overwritten, for example by a forward in place? Keep ", name, " until backward.");
  }
};

/// Memory that calls need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
template <typename Scalar>
struct Workspace {
  SumsWorkspace sums;
  ChannelArray<double> mean;
  ChannelArray<double> m2;
  ChannelArray<double> variance;
  GradientCoefficients<Scalar> gradient;

  void resize(Index channels) {
    for (auto* values : {&mean, &m2, &variance}) values->resize(channels);
  }
};

}  // namespace batchnorm::detail
