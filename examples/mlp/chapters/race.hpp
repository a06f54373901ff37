// Two arms on their way to one accuracy.
#pragma once

#include <optional>
#include <string>

#include "chapters/families.hpp"
#include "experiments/evidence.hpp"

namespace mlp {

/// What an arm needs to get to the target, by the mean over its seeds.
struct Reached {
  double steps = 0, seconds = 0;
};

/// The plain network of a family and the one with BatchNorm, and how soon each gets to a test
/// accuracy one point below what the plain network ends with. Where that learns nothing at any
/// rate, the target is one point below what BatchNorm ends with.
class Race {
 public:
  Race(const Evidence& evidence, const Family& family);

  const Family& family() const { return family_; }
  /// The rates that end best on the validation images.
  const Recipe& best_plain() const { return best_plain_; }
  const Recipe& best_norm() const { return best_norm_; }
  /// The rates that come to the target soonest on the validation images; where one of these does
  /// not come to it on the test images, the arm's best.
  const Recipe& plain() const { return plain_; }
  const Recipe& norm() const { return norm_; }

  double target() const { return target_; }  ///< in tenths of a percent
  const std::optional<Reached>& plain_reached() const { return plain_reached_; }
  const std::optional<Reached>& norm_reached() const { return norm_reached_; }

  /// How many times as many steps the plain network takes: less than 1 where it takes fewer. Where
  /// one arm did not get to the target, a bound from the steps that it had; 1 where neither did.
  double ratio() const;
  /// "2.7 times fewer steps", "at least 20 times fewer steps"
  std::string ratio_text() const;
  /// Whether the plain network gained more than a point in the last quarter of its steps.
  bool still_rises() const { return still_rises_; }
  /// How many times as long a step with BatchNorm takes.
  double step_cost() const { return step_cost_; }

 private:
  Family family_;
  Recipe best_plain_, best_norm_, plain_, norm_;
  double target_ = 0;
  std::optional<Reached> plain_reached_, norm_reached_;
  bool still_rises_ = false;
  double step_cost_ = 1;
};

}  // namespace mlp
