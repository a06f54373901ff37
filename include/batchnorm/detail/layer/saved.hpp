#pragma once

#include <utility>

#include "../../policies.hpp"
#include "../arguments/misuse.hpp"
#include "../steps/sums.hpp"
#include "record.hpp"
#include "room.hpp"

namespace batchnorm {
namespace detail {

template <typename ScalarType, typename Mode, typename... Policies>
class PassSteps;
template <typename ScalarType, typename Mode, typename... Policies>
class Passes;
template <typename ScalarType, typename Mode, typename... Policies>
class WeightedPasses;
template <typename ScalarType, typename Mode, typename... Policies>
class AffinePasses;
template <typename ScalarType, typename Mode, typename... Policies>
class SecondPasses;
template <typename ScalarType, typename Mode, typename... Policies>
class Phases;

}  // namespace detail

/// What a forward leaves for its backward: the coefficients of every channel, by what it knows x
/// again, and memory that both work in. A layer has one of its own, which calls use where none is
/// given; whoever wants several passes in flight through one layer brings one for each, in front of
/// x: `norm.forward(a, xa)`, `norm.backward(a, xa, dya)`. A value: copy and move it. It may be used
/// again for another pass of the same layer or of another; it then allocates nothing where it has
/// seen the size. That of a layer of `Channels<N>` has all of its memory within itself: what moves
/// is copied.
template <typename Scalar, typename Count>
class Saved {
 public:
  Saved() = default;
  /// In memory of its own.
  Saved(const Saved& other) : Saved() { *this = other; }
  /// Takes the other's memory, unless that is within it.
  Saved(Saved&& other) noexcept : Saved() { *this = std::move(other); }
  /// Into its own memory.
  Saved& operator=(const Saved& other) {
    record_ = other.record_;
    work_ = other.work_;
    return *this;
  }
  /// Takes the other's memory, unless that is within it.
  Saved& operator=(Saved&& other) noexcept {
    record_ = std::move(other.record_);
    work_ = std::move(other.work_);
    return *this;
  }
  ~Saved() = default;

  /// Values per channel that the statistics of the forward are of, those of other parts included;
  /// 0 before the first forward, and where it normalised with running statistics.
  [[nodiscard]] double count() const { return has_statistics() ? record_.count : 0.0; }

  /// The statistics that the forward took from its batch, or was given; empty where it normalised
  /// with running statistics, and before the first.
  [[nodiscard]] Moments moments() const {
    if (count() == 0.0) return {};
    return {count(), array(work_.mean), array(work_.m2), array(work_.low)};
  }

  /// 1 / sqrt(variance + epsilon), one per channel, by which the forward normalised. Valid until
  /// the next forward.
  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> inverse_deviation() const {
    const auto& values = record_.coefficients.inverse_deviation;
    return {values.data(), record_.exists ? values.size() : 0};
  }

 private:
  template <typename S, typename Mode, typename... Policies>
  friend class detail::PassSteps;
  template <typename S, typename Mode, typename... Policies>
  friend class detail::Passes;
  template <typename S, typename Mode, typename... Policies>
  friend class detail::WeightedPasses;
  template <typename S, typename Mode, typename... Policies>
  friend class detail::AffinePasses;
  template <typename S, typename Mode, typename... Policies>
  friend class detail::SecondPasses;
  template <typename S, typename Mode, typename... Policies>
  friend class detail::Phases;

  bool has_statistics() const { return record_.exists && record_.batch_statistics; }

  static Eigen::ArrayXd array(const detail::ChannelArray<double>& values) {
    return Eigen::Map<const Eigen::ArrayXd>(values.data(), values.size());
  }

  [[no_unique_address]] detail::PassRoom<Scalar, Count> room_;
  detail::Record<Scalar> record_{room_.arrays.source()};
  detail::Workspace<ArithmeticOf<Scalar>> work_{room_.arrays.source(), room_.sums.source()};
};

}  // namespace batchnorm
