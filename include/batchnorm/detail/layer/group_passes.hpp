#pragma once

#include "../../group.hpp"
#include "weighted_passes.hpp"

namespace batchnorm::detail {

/// Leaves a group unless what it guards came to its end.
template <typename G>
class LeavesUnlessDone {
 public:
  explicit LeavesUnlessDone(G& group) : group_(group) {}
  ~LeavesUnlessDone() {
    if (!done_) group_.leave();
  }
  LeavesUnlessDone(const LeavesUnlessDone&) = delete;
  LeavesUnlessDone& operator=(const LeavesUnlessDone&) = delete;
  LeavesUnlessDone(LeavesUnlessDone&&) = delete;
  LeavesUnlessDone& operator=(LeavesUnlessDone&&) = delete;

  void done() { done_ = true; }

 private:
  G& group_;
  bool done_ = false;
};

/// What a group merges, kept from call to call unless the layer has all of its memory within.
template <bool Kept>
struct Shared {
  Moments kept_moments;
  GradientSums kept_sums;

  Moments& moments() { return kept_moments; }
  GradientSums& sums() { return kept_sums; }
};

template <>
struct Shared<false> {
  static Moments moments() { return {}; }
  static GradientSums sums() { return {}; }
};

/// Forward and backward as one of a group.
template <typename ScalarType, typename Mode, typename... Policies>
class GroupPasses : public WeightedPasses<ScalarType, Mode, Policies...> {
  using Base = WeightedPasses<ScalarType, Mode, Policies...>;

 public:
  using typename Base::Saved;

 protected:
  using Base::trains;
  using typename Base::Stored;

  GroupPasses(Stored state, const Options& options) : Base(std::move(state), options) {}

  /// As one of a group, with the statistics of all its parts.
  template <typename G, typename Weights>
  auto forward_in(const Executor& executor, G& group, Saved& saved, const Weights& weights) {
    return [this, executor, &group, &saved, weights](const auto& x, const auto& r, auto& y) {
      LeavesUnlessDone<G> guard(group);
      if constexpr (trains) {
        auto&& moments = shared_.moments();
        this->moments_on(executor, saved, x, weights, moments);
        group.merge(moments);
        const bool has_values = this->view_of(x).count() > 0;
        if (!std::is_same_v<Weights, NoWeights> && moments.count == 0.0 && has_values) {
          this->weightless_forward_on(executor, saved)(x, r, y);
        } else {
          this->check_divisor("forward", moments.count, moments.count == std::floor(moments.count));
          this->forward_with(executor, saved, moments)(x, r, y);
          this->observe_once(moments);
        }
      } else {
        this->forward_on(executor, saved, weights)(x, r, y);
      }
      guard.done();
    };
  }

  /// As one of a group: dx of its part, and the gradients of the parameters of all.
  template <typename G, typename Weights>
  auto backward_in(const Executor& executor, G& group, Saved& saved, const Weights& weights) {
    return [this, executor, &group, &saved, weights](const auto& x, const auto& r, const auto& dy,
                                                     GradientUpdate update, auto&... out) {
      LeavesUnlessDone<G> guard(group);
      auto&& sums = shared_.sums();
      this->sums_on(executor, saved, weights)(x, r, dy, sums);
      group.merge(sums);
      this->backward_with(executor, saved, sums, weights)(x, r, dy, update, out...);
      this->write_gradients_of(saved, update, sums.sum.data(), sums.product.data());
      guard.done();
    };
  }

 private:
  [[no_unique_address]] Shared<!Base::has_fixed_channels> shared_;
};

}  // namespace batchnorm::detail
