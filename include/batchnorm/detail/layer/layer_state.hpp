#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <utility>

#include "../../options.hpp"
#include "../../state.hpp"
#include "../refusal/refusal.hpp"
#include "same_bits.hpp"
#include "state_checks.hpp"

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

/// A vector with one entry per channel, or nothing at all; of at most `Most` entries, within the
/// object. `Tag` keeps two that are absent apart, so that neither takes room.
template <typename T, int Most, bool Present, int Tag>
struct ChannelVector {
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1, Eigen::ColMajor, Most, 1>;

  Vector values;

  // With loops of its own: of Eigen's for vectors of at most a few entries, g++ warns without
  // reason.
  ChannelVector(Index channels, T initial) : values(channels) {
    std::fill_n(values.data(), channels, initial);
  }
  template <typename Other>
  explicit ChannelVector(const Eigen::PlainObjectBase<Other>& vector) : values(vector.size()) {
    copy(vector);
  }
  ChannelVector(const ChannelVector& other) : ChannelVector(other.values) {}
  ChannelVector(ChannelVector&&) noexcept = default;
  ~ChannelVector() = default;

  /// Into its own memory where the sizes are equal, so that maps of it stay valid.
  ChannelVector& operator=(const ChannelVector& other) {
    values.resize(other.values.size());
    copy(other.values);
    return *this;
  }
  ChannelVector& operator=(ChannelVector&& other) noexcept {
    if (Most == Eigen::Dynamic && values.size() != other.values.size()) {
      values = std::move(other.values);
    } else {
      *this = std::as_const(other);
    }
    return *this;
  }

  T* data() { return values.data(); }
  const T* data() const { return values.data(); }
  Vector vector() const { return values; }

  /// Equal values, or NaNs of equal bits.
  bool operator==(const ChannelVector& other) const {
    return std::equal(values.begin(), values.end(), other.values.begin(), other.values.end(),
                      [](T a, T b) { return a == b || same_bits(a, b); });
  }

 private:
  template <typename Other>
  void copy(const Eigen::PlainObjectBase<Other>& from) {
    std::copy_n(from.data(), values.size(), values.data());
  }
};

template <typename T, int Most, int Tag>
struct ChannelVector<T, Most, false, Tag> {
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1, Eigen::ColMajor, Most, 1>;

  ChannelVector(Index /*channels*/, T /*initial*/) {}
  template <typename Other>
  explicit ChannelVector(const Eigen::PlainObjectBase<Other>& /*empty*/) {}

  T* data() { return nullptr; }
  const T* data() const { return nullptr; }
  Vector vector() const { return {}; }
  bool operator==(const ChannelVector&) const = default;
};

/// What a layer has learnt, as its policies need it; of at most `Most` channels, within the object.
template <typename Scalar, typename Affine, typename Statistics, int Most = Eigen::Dynamic>
struct LayerState {
  static constexpr bool tracks = Statistics::tracks_running_statistics;

  ChannelCount channels;
  [[no_unique_address]] ChannelVector<Scalar, Most, Affine::has_gamma, 0> gamma;
  [[no_unique_address]] ChannelVector<Scalar, Most, Affine::has_beta, 1> beta;
  [[no_unique_address]] ChannelVector<double, Most, tracks, 2> running_mean;
  [[no_unique_address]] ChannelVector<double, Most, tracks, 3> running_variance;
  [[no_unique_address]] ChannelVector<std::int64_t, Most, tracks, 4> rejected;
  /// Of `pooled()`, how many values; empty before the first, and with another momentum.
  [[no_unique_address]] ChannelVector<double, Most, tracks, 7> values;
  std::int64_t batches = 0;

  explicit LayerState(Index count)
      : channels(checked(count)),
        gamma(count, Scalar(1)),
        beta(count, Scalar(0)),
        running_mean(count, 0.0),
        running_variance(count, 1.0),
        rejected(count, 0),
        values(0, 0.0) {}

  template <int Other>
  LayerState(const State<Scalar, Other>& state, const Options& options)
      : LayerState(agreed_channels(shape_of(state)), state, options) {}

  /// Does not compile.
  template <typename Other, int OtherMost>
  LayerState(const State<Other, OtherMost>& /*state*/, const Options& /*options*/)
      : LayerState(Index{1}) {
    static_assert(!std::is_same_v<Other, Other>,
                  "batchnorm: this state has another scalar than the layer's parameters: cast its "
                  "gamma and beta into a State<float>, or a State<double>.");
  }

  /// For a layer of `count` channels.
  template <int Other>
  LayerState(Index count, const State<Scalar, Other>& state, const Options& options)
      : LayerState(count) {
    check_sizes(shape_of(state), count);
    check_values(state, options);
    gamma = decltype(gamma)(state.gamma);
    beta = decltype(beta)(state.beta);
    running_mean = decltype(running_mean)(state.running_mean);
    running_variance = decltype(running_variance)(state.running_variance);
    if (state.rejected.size() > 0) rejected = decltype(rejected)(state.rejected);
    values = decltype(values)(state.values);
    batches = state.batches;
  }

  /// All of another's, in memory of another kind.
  template <int Other>
  requires(Other !=
           Most) explicit LayerState(const LayerState<Scalar, Affine, Statistics, Other>& other)
      : channels(checked(other.channels.value())),
        gamma(other.gamma.vector()),
        beta(other.beta.vector()),
        running_mean(other.running_mean.vector()),
        running_variance(other.running_variance.vector()),
        rejected(other.rejected.vector()),
        values(other.values.vector()),
        batches(other.batches) {}

  State<Scalar, Most> state() const {
    return {gamma.vector(), beta.vector(),     running_mean.vector(), running_variance.vector(),
            batches,        rejected.vector(), values.vector()};
  }

  /// Statistics and counts of a new layer.
  void reset_running_statistics() {
    if constexpr (tracks) {
      running_mean.values.setZero();
      running_variance.values.setOnes();
      rejected.values.setZero();
      values.values.resize(0);
    }
    batches = 0;
  }

  bool operator==(const LayerState&) const = default;

 private:
  template <int Other>
  static StateShape shape_of(const State<Scalar, Other>& state) {
    return {{{{"gamma", state.gamma.size(), Affine::has_gamma},
              {"beta", state.beta.size(), Affine::has_beta},
              {"running_mean", state.running_mean.size(), tracks},
              {"running_variance", state.running_variance.size(), tracks},
              {"rejected", state.rejected.size(), tracks, true},
              {"values", state.values.size(), tracks, true}}}};
  }

  static Index checked(Index count) {
    if (count < 1) refuse("expected at least 1 channel, got ", count, ".");
    if (Most != Eigen::Dynamic && count != Most)
      refuse("expected ", Most, " channels, as Channels<", Most, "> says, got ", count, ".");
    return count;
  }
};

}  // namespace batchnorm::detail
