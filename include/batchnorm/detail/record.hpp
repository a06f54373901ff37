#pragma once

#include "calls.hpp"

namespace batchnorm::detail {

/// What forward leaves for backward. Part of a layer's value, not of its state.
template <typename Scalar>
struct Record {
  bool exists = false;
  bool batch_statistics = false;  ///< whether the gradient goes through the statistics
  Shape shape;
  ChannelArray<Scalar> probes;  ///< one value of x per channel; none for an empty x
  ChannelCoefficients<Scalar> coefficients;

  void save(const Shape& of_x, const View<const Scalar>& x, bool from_batch) {
    exists = true;
    batch_statistics = from_batch;
    shape = of_x;
    probes.resize(x.count() == 0 ? 0 : x.channels);
    for (Index c = 0; c < probes.size(); ++c) probes[c] = probe(x, c);
  }

  /// Refuses an x that forward did not see.
  void check(const Shape& of_x, const View<const Scalar>& x) const {
    if (!exists)
      refuse(
          "backward without a forward: call forward(x) first; a new state forgets the last "
          "forward.");
    if (of_x != shape) {
      refuse("backward expected x of the last forward's shape ", shape, ", got ", of_x,
             "; is there one layer object per place in the network?");
    }
    for (Index c = 0; c < probes.size(); ++c) {
      const Scalar now = probe(x, c);
      if (!same_bits(now, probes[c])) {
        refuse("backward got another x than the last forward: channel ", c, " held ", probes[c],
               " and holds ", now,
               "; was x overwritten, for example by a forward in place? Keep x until backward.");
      }
    }
  }
};

/// Memory that calls need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
template <typename Scalar>
struct Workspace {
  std::vector<double> sums;
  ChannelArray<double> mean;
  ChannelArray<double> m2;
  ChannelArray<double> variance;
  GradientCoefficients<Scalar> gradient;
};

}  // namespace batchnorm::detail
