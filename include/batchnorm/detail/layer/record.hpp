#pragma once

#include "../arguments/arguments.hpp"
#include "../kernels/kernels.hpp"
#include "moved_from.hpp"
#include "probes.hpp"
#include "weight_probes.hpp"

namespace batchnorm::detail {

/// What forward leaves for backward. Part of a layer's value, not of its state.
template <typename Scalar>
struct Record {
  Presence exists;
  bool batch_statistics = false;  ///< whether the gradient goes through the statistics
  bool given = false;             ///< whether they may be of more than x
  bool weighted = false;          ///< whether the samples of the forward had weights
  double count = 0.0;             ///< values per channel that they are of
  bool has_affine = false;        ///< whether gamma and beta of the forward came from outside
  Index forwards = 0;             ///< since the last backward
  Token layer;                    ///< whose forward it was; none for its own
  Shape shape;
  bool has_residual = false;
  Probes<Scalar> probes;
  Probes<Scalar> residual_probes;                 ///< where there is a residual
  WeightProbes<ArithmeticOf<Scalar>> of_forward;  ///< weights of the forward
  WeightProbes<ArithmeticOf<Scalar>> of_sums;     ///< those of gradient sums behind it
  double affine_sum = 0.0;  ///< by which gamma and beta from outside are known
  ChannelCoefficients<ArithmeticOf<Scalar>> coefficients;  ///< none where nothing was normalised

  explicit Record(const Source& source)
      : probes(source), residual_probes(source), coefficients(source) {}

  /// `from` holds x and, where there is one, the residual.
  template <std::size_t N>
  void save(const Shape& of_x, const std::array<View<const Scalar>, N>& from, bool from_batch,
            double values) {
    exists = true;
    batch_statistics = from_batch;
    given = false;
    weighted = false;
    of_forward.forget();
    of_sums.forget();
    has_affine = false;
    count = values;
    ++forwards;
    has_residual = N == 2;
    shape = of_x;
    probes.take(from[0]);
    if constexpr (N == 2) residual_probes.take(from[1]);
  }

  /// Whether x is what the forward saw.
  bool is_of(const Shape& of_x, const View<const Scalar>& x) const {
    return exists && of_x == shape && probes.differing_channel(x) < 0;
  }

  /// Refuses gamma and beta from outside that the forward did not have.
  void check_affine_sum(double sum) const {
    if (sum == affine_sum) return;
    refuse(
        "backward got another gamma or beta from outside than its forward; keep them as they are ",
        "until backward.");
  }

  /// Refuses an x that forward did not see.
  void check(const Shape& of_x, const View<const Scalar>& x) const {
    if (!exists) {
      refuse(
          "backward without a forward: call forward(x) first, or give backward the Saved that the "
          "forward had; a new state forgets the last forward, and a layer of another mode does not "
          "take it along.");
    }
    if (of_x != shape) {
      refuse("backward expected x of the last forward's shape ", shape, ", got ", of_x,
             "; is there one layer object, or one Saved, per place in the network?");
    }
    check_probes("x", x, probes);
  }

  /// Refuses a backward without the weights that its forward had.
  void check_unweighted() const {
    if (weighted)
      refuse("backward misses the sample weights that its forward had; give both the same.");
  }

  /// Refuses a backward with gamma and beta that its forward did not have, or without those it had.
  void check_affine(bool brings_affine) const {
    if (brings_affine == has_affine) return;
    refuse("backward ", brings_affine ? "got" : "misses",
           " the affine(gamma, beta) that its forward ", brings_affine ? "did not have" : "had",
           "; give both the same.");
  }

  /// Refuses to serve another layer than that of its forward.
  void check_layer(const Token& of_layer) const {
    if (!exists || layer.is_none() || layer == of_layer) return;
    refuse(
        "backward got the Saved of another layer, or of another state of this one: give it the one "
        "that this layer's forward left its values in; a copy of a layer is another layer.");
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
        forwards > 1
            ? "; there was a second forward since the last backward, and backward "
              "follows the last one: call backward before the next forward, have one layer "
              "object per place in the network, or give every pass a Saved of its own."
            : "; was it overwritten, for example by a forward in place? Keep it as it is "
              "until backward.");
  }
};

}  // namespace batchnorm::detail
