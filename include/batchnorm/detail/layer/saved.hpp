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
/// seen the size.
template <typename Scalar, typename Count>
class Saved {
 public:
  Saved() = default;

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

 protected:
  Saved(detail::Arena& arena, detail::Arena& of_sums)
      : record_(detail::Source(arena)), work_(detail::Source(arena), detail::Source(of_sums)) {}

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

  detail::Record<Scalar> record_;
  detail::Workspace<ArithmeticOf<Scalar>> work_;
};

/// The same of a layer of `Channels<Count>`, with all of its memory within itself. What moves is
/// copied.
template <typename Scalar, int Count, std::size_t SumsBytes>
class Saved<Scalar, Channels<Count, SumsBytes>>
    : private detail::SavedRoom<Scalar, Channels<Count, SumsBytes>>, private Saved<Scalar> {
  using Room = detail::SavedRoom<Scalar, Channels<Count, SumsBytes>>;
  using Base = Saved<Scalar>;

 public:
  Saved() : Base(Room::arena.get(), Room::of_sums.get()) {}
  /// A copy works in memory of its own.
  Saved(const Saved& other) : Saved() { *this = other; }
  /// A copy.
  Saved(Saved&& other) noexcept : Saved(std::as_const(other)) {}
  /// Into its own memory.
  Saved& operator=(const Saved& other) {
    Base::operator=(other);
    return *this;
  }
  /// Into its own memory.
  Saved& operator=(Saved&& other) noexcept {
    Base::operator=(std::as_const(other));
    return *this;
  }
  ~Saved() = default;

  using Base::count;
  using Base::inverse_deviation;
  using Base::moments;

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
};

}  // namespace batchnorm
