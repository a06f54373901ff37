#pragma once

#include "../arguments/call_forms.hpp"
#include "../arguments/call_head.hpp"
#include "second_passes.hpp"

namespace batchnorm::detail {

/// The phases of a step beside forward and backward: its two reductions handed out, and given back
/// once they were merged with those of other parts.
template <typename ScalarType, typename Mode, typename... Policies>
class Phases : public SecondPasses<ScalarType, Mode, Policies...> {
  using Base = SecondPasses<ScalarType, Mode, Policies...>;

 public:
  using Base::channels;
  using typename Base::Parameter;
  using typename Base::Saved;
  using typename Base::Scalar;
  using typename Base::Set;

  /// What the last forward without a `Saved` left.
  [[nodiscard]] const Saved& saved() const { return this->saved_; }

  /// `moments([device,] [saved,] x)`: those that a forward of x takes, returned; with moments
  /// behind x, written there. Nothing moves, and no x has too few values. `saved` lends memory.
  template <typename First, typename... Rest>
  [[nodiscard]] auto moments(First&& first, Rest&&... rest) {
    return moments_at(this->saved_, std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  /// The same; without a `Saved` it works in one of its own.
  template <typename First, typename... Rest>
  [[nodiscard]] auto moments(First&& first, Rest&&... rest) const {
    Saved own;
    return moments_at(own, std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  /// Moves the running statistics by a batch of these moments, as a forward does; mode Train only.
  /// Of no values it does nothing; one value per channel it refuses, or passes over with
  /// `use_running`, unless the momentum is `pooled()`. Throws `std::invalid_argument` for moments
  /// of another number of channels, or that no values have.
  void observe(const Moments& moments) {
    static_assert(Base::trains,
                  "batchnorm: the running statistics of a Frozen layer stay: observe with a "
                  "Train layer.");
    check_moments<Parameter>("observe", moments, channels());
    this->observe_once(moments);
  }

  /// `gradient_sums([device,] [saved,] x, [residual(r),] dy)`: the sums that backward takes, of a
  /// pass whose forward left its values in `saved`, returned; with gradient sums behind dy, written
  /// there. The layer stays as it is.
  template <typename First, typename... Rest>
  [[nodiscard]] auto gradient_sums(First&& first, Rest&&... rest) {
    return sums_at(this->saved_, std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  /// The same with a `Saved`.
  template <typename First, typename... Rest>
  [[nodiscard]] auto gradient_sums(First&& first, Rest&&... rest) const {
    static_assert(brings_saved<First, Rest...>,
                  "batchnorm: gradient_sums works in the memory of a Saved, and that of a const "
                  "layer can't be written: give it the one that the forward was given.");
    if constexpr (brings_saved<First, Rest...>)
      return sums_at(this->saved_, std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  /// Takes the gradients of gamma and beta from sums, which are those of all that the statistics of
  /// the pass are of; assigns them, or adds them with `accumulate`. Throws `std::invalid_argument`
  /// for sums of another number of channels or values.
  void learn(Saved& saved, const GradientSums& sums,
             GradientUpdate update = GradientUpdate::assign) {
    if (!saved.record_.exists) {
      refuse("learn without a forward: give it the Saved of the forward that the sums are of.");
    }
    this->check_owner(saved);
    this->check_sums_of("learn", saved, sums);
    this->write_gradients_of(saved, update, sums.sum.data(), sums.product.data());
  }

  /// The same of the last forward without a `Saved`.
  void learn(const GradientSums& sums, GradientUpdate update = GradientUpdate::assign) {
    learn(this->saved_, sums, update);
  }

 protected:
  using typename Base::Stored;

  Phases(Stored state, const Options& options) : Base(std::move(state), options) {}

 private:
  // `auto`, so that compilers look inside at once and can name the line of the call.
  template <typename G>
  static auto refuse_group() {
    static_assert(std::is_same_v<G, NoGroup&>,
                  "batchnorm: moments and gradient sums are of one worker; a group is given to "
                  "forward and backward.");
  }

  template <typename OwnSaved, typename... Arguments>
  auto moments_at(OwnSaved& own, Arguments&&... arguments) const {
    const auto call = [this](const Executor& on, auto& group, Saved& saved, const auto& x,
                             auto&&... to) {
      refuse_group<decltype(group)>();
      constexpr int outputs = marks_among<Moments, decltype(to)...>;
      constexpr int weights = marks_among<AnySampleWeights, decltype(to)...>;
      static_assert(sizeof...(to) == outputs + weights && outputs < 2 && weights < 2 &&
                        !loses_mark<Moments, decltype(to)...>,
                    "batchnorm: moments takes (x) or (x, moments), sample_weights(w) behind x, a "
                    "device or Saved before x; moments that are written have a name.");
      return this->moments_into(on, saved, x, to...);
    };
    return at_head(own, call, std::forward<Arguments>(arguments)...);
  }

  template <typename X, typename... To>
  auto moments_into(const Executor& on, Saved& saved, const X& x, To&... to) const {
    const auto call = [&](const auto& weights, auto&... result) {
      if constexpr (sizeof...(result) == 0) {
        Moments moments;
        this->moments_on(on, saved, x, weights, moments);
        return moments;
      } else {
        this->moments_on(on, saved, x, weights, result...);
      }
    };
    return Base::with_weights(call, x, to...);
  }

  template <typename OwnSaved, typename... Arguments>
  auto sums_at(OwnSaved& own, Arguments&&... arguments) const {
    const auto call = [this](const Executor& on, auto& group, Saved& saved, const auto& x,
                             auto&&... rest) {
      refuse_group<decltype(group)>();
      constexpr bool writes = marks_among<GradientSums, decltype(rest)...> != 0;
      static_assert(!loses_mark<GradientSums, decltype(rest)...>,
                    "batchnorm: gradient sums that are written have a name.");
      if constexpr (writes) {
        const auto into = [&](auto& sums, auto&&... others) {
          this->sums_into(on, saved, sums, x, others...);
        };
        with_mark<GradientSums>(into, rest...);
      } else {
        GradientSums sums;
        this->sums_into(on, saved, sums, x, rest...);
        return sums;
      }
    };
    return at_head(own, call, std::forward<Arguments>(arguments)...);
  }

  template <typename Sums, typename X, typename... Rest>
  void sums_into(const Executor& on, Saved& saved, Sums& sums, const X& x, Rest&... rest) const {
    const auto call = [&](const auto& weights, auto&... others) {
      GradientSumsForms<Set, Scalar>::call(this->sums_on(on, saved, weights), sums, x, others...);
    };
    Base::with_weights(call, x, rest...);
  }
};

}  // namespace batchnorm::detail
