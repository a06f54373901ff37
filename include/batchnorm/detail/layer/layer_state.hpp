#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <utility>

#include "../../state.hpp"
#include "../refusal/refusal.hpp"

namespace batchnorm::detail {

using Eigen::Index;

/// A number of channels that is 0 once it was moved from, as the vectors beside it are.
class ChannelCount {
 public:
  explicit ChannelCount(Index value) : value_(value) {}
  ChannelCount(const ChannelCount&) = default;
  ChannelCount& operator=(const ChannelCount&) = default;
  ChannelCount(ChannelCount&& other) noexcept : value_(std::exchange(other.value_, 0)) {}
  ChannelCount& operator=(ChannelCount&& other) noexcept {
    value_ = std::exchange(other.value_, 0);
    return *this;
  }
  ~ChannelCount() = default;

  Index value() const { return value_; }
  bool operator==(const ChannelCount&) const = default;

 private:
  Index value_;
};

/// A vector with one entry per channel, or nothing at all. `Tag` keeps two that are absent apart,
/// so that neither takes room.
template <typename T, bool Present, int Tag>
struct ChannelVector {
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

  Vector values;

  ChannelVector(Index channels, T initial) : values(Vector::Constant(channels, initial)) {}
  explicit ChannelVector(Vector vector) : values(std::move(vector)) {}

  T* data() { return values.data(); }
  const T* data() const { return values.data(); }
  Vector vector() const { return values; }
  bool operator==(const ChannelVector&) const = default;
};

template <typename T, int Tag>
struct ChannelVector<T, false, Tag> {
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

  ChannelVector(Index /*channels*/, T /*initial*/) {}
  explicit ChannelVector(const Vector& /*empty*/) {}

  T* data() { return nullptr; }
  const T* data() const { return nullptr; }
  Vector vector() const { return {}; }
  bool operator==(const ChannelVector&) const = default;
};

/// What a layer has learnt, as its policies need it.
template <typename Scalar, typename Affine, typename Statistics>
struct LayerState {
  static constexpr bool tracks = Statistics::tracks_running_statistics;

  ChannelCount channels;
  [[no_unique_address]] ChannelVector<Scalar, Affine::has_gamma, 0> gamma;
  [[no_unique_address]] ChannelVector<Scalar, Affine::has_beta, 1> beta;
  [[no_unique_address]] ChannelVector<Scalar, tracks, 2> running_mean;
  [[no_unique_address]] ChannelVector<Scalar, tracks, 3> running_variance;
  [[no_unique_address]] ChannelVector<std::int64_t, tracks, 4> rejected;
  std::int64_t batches = 0;

  explicit LayerState(Index count)
      : channels(checked(count)),
        gamma(count, Scalar(1)),
        beta(count, Scalar(0)),
        running_mean(count, Scalar(0)),
        running_variance(count, Scalar(1)),
        rejected(count, 0) {}

  explicit LayerState(const State<Scalar>& state)
      : LayerState(state, channels_of(state), first_vector) {}

  /// `count` is the number of channels that the state must have, because `who` has it.
  LayerState(const State<Scalar>& state, Index count, const char* who = "the layer")
      : LayerState(count) {
    check(state, count, who);
    gamma = decltype(gamma)(state.gamma);
    beta = decltype(beta)(state.beta);
    running_mean = decltype(running_mean)(state.running_mean);
    running_variance = decltype(running_variance)(state.running_variance);
    if (state.rejected.size() > 0) rejected = decltype(rejected)(state.rejected);
    batches = state.batches;
  }

  State<Scalar> state() const {
    return {gamma.vector(), beta.vector(),    running_mean.vector(), running_variance.vector(),
            batches,        rejected.vector()};
  }

  bool operator==(const LayerState&) const = default;

 private:
  /// The vector of a state that tells the number of channels.
  static constexpr const char* first_vector = Affine::has_gamma  ? "gamma"
                                              : Affine::has_beta ? "beta"
                                                                 : "running_mean";

  /// The number of channels that a state tells of.
  static Index channels_of(const State<Scalar>& state) {
    if constexpr (Affine::has_gamma) return told(state.gamma.size());
    if constexpr (Affine::has_beta) return told(state.beta.size());
    if constexpr (tracks) return told(state.running_mean.size());
    refuse(
        "a state of this layer's policies has no vector that tells the number of channels: make "
        "the layer from a channel count.");
  }

  static Index told(Index size) {
    if (size < 1) {
      refuse("state: expected one value per channel in ", first_vector, ", got ", size,
             "; was the vector left out, or is the state of a layer with other policies?");
    }
    return size;
  }

  static Index checked(Index count) {
    if (count < 1) refuse("expected at least 1 channel, got ", count, ".");
    return count;
  }

  static void check(const State<Scalar>& state, Index count, const char* who) {
    const auto check_size = [&](const char* name, Index size, bool present) {
      if (!present && size != 0) {
        refuse("state: expected 0 values in ", name, ", got ", size,
               "; this layer's policies have no such vector.");
      }
      if (present && size != count) {
        refuse("state: expected ", count, " values in ", name, ", got ", size,
               "; every vector has one value per channel, and ", who, " has ", count, ".");
      }
    };
    check_size("gamma", state.gamma.size(), Affine::has_gamma);
    check_size("beta", state.beta.size(), Affine::has_beta);
    check_size("running_mean", state.running_mean.size(), tracks);
    check_size("running_variance", state.running_variance.size(), tracks);
    if (state.rejected.size() > 0) check_size("rejected", state.rejected.size(), tracks);
    check_values(state);
  }

  static void check_values(const State<Scalar>& state) {
    for (Index c = 0; c < state.running_mean.size(); ++c) {
      if (!std::isfinite(state.running_mean[c])) {
        refuse("state: expected a finite running_mean, got ", state.running_mean[c], " in channel ",
               c, "; was the network trained past an overflow?");
      }
      if (!(state.running_variance[c] >= Scalar(0)) || !std::isfinite(state.running_variance[c])) {
        refuse("state: expected a finite running_variance of at least 0, got ",
               state.running_variance[c], " in channel ", c,
               "; is this a standard deviation's logarithm, or an uninitialised vector?");
      }
    }
    if (state.batches < 0)
      refuse("state: expected a count of batches of at least 0, got ", state.batches, ".");
    for (Index c = 0; c < state.rejected.size(); ++c) {
      if (state.rejected[c] < 0 || state.rejected[c] > state.batches) {
        refuse("state: expected rejected counts between 0 and the ", state.batches,
               " batches, got ", state.rejected[c], " in channel ", c, ".");
      }
    }
  }
};

}  // namespace batchnorm::detail
