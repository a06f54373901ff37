#include "chapters/race.hpp"

#include <algorithm>
#include <cmath>

#include "chapters/telling.hpp"

namespace mlp {
namespace {

/// So many points below an arm's end, every seed of it should get.
constexpr double kSlack = 1;

double steps_to(const Evidence& evidence, const Recipe& recipe, const char* part, double target) {
  return first_at_least(curve(evidence.trials(recipe), part, 100), target).value_or(INFINITY);
}

Recipe quickest(const Evidence& evidence, const std::vector<Recipe>& arm, double hurdle) {
  return *std::min_element(arm.begin(), arm.end(), [&](const Recipe& a, const Recipe& b) {
    return steps_to(evidence, a, kValidation, hurdle) < steps_to(evidence, b, kValidation, hurdle);
  });
}

/// The mean over the seeds of the seconds after so many steps.
double seconds_at(const Evidence& evidence, const Recipe& recipe, double steps) {
  std::vector<double> seconds;
  for (const Figures* const trial : evidence.trials(recipe)) {
    seconds.push_back(value_at(*trial, "seconds", steps));
  }
  return spread_of(seconds).mean;
}

std::optional<Reached> reached(const Evidence& evidence, const Recipe& recipe, double target) {
  const double steps = steps_to(evidence, recipe, kTest, target);
  if (std::isinf(steps)) return std::nullopt;
  return Reached{steps, seconds_at(evidence, recipe, steps)};
}

double seconds_per_step(const Evidence& evidence, const Recipe& recipe) {
  const auto steps = static_cast<double>(recipe.steps);
  return seconds_at(evidence, recipe, steps) / steps;
}

bool rises(const Evidence& evidence, const Recipe& recipe) {
  const double before =
      mean_at(evidence.trials(recipe), kTest, 0.75 * static_cast<double>(recipe.steps));
  return end_of(evidence, recipe) - before > kSlack;
}

}  // namespace

Race::Race(const Evidence& evidence, const Family& family) : family_(family) {
  const auto plain_arm = sweep(family, Placement::none);
  const auto norm_arm = sweep(family, Placement::before_activation);
  best_plain_ = evidence.best(plain_arm);
  best_norm_ = evidence.best(norm_arm);
  const bool learns = end_of(evidence, best_plain_) > 2 * chance(evidence.scope());
  const Recipe& leader = learns ? best_plain_ : best_norm_;
  target_ = tenths(end_of(evidence, leader) - kSlack);
  const double hurdle = evidence.accuracy(leader, kValidation) - kSlack;
  const auto racer = [&](const std::vector<Recipe>& arm, const Recipe& best) {
    const Recipe quick = quickest(evidence, arm, hurdle);
    return reached(evidence, quick, target_) ? quick : best;
  };
  plain_ = racer(plain_arm, best_plain_);
  norm_ = racer(norm_arm, best_norm_);
  plain_reached_ = reached(evidence, plain_, target_);
  norm_reached_ = reached(evidence, norm_, target_);
  still_rises_ = learns && rises(evidence, best_plain_);
  step_cost_ = seconds_per_step(evidence, norm_) / seconds_per_step(evidence, plain_);
}

double Race::ratio() const {
  if (!plain_reached_ && !norm_reached_) return 1;
  const auto budget = static_cast<double>(family_.recipe.steps);
  const Reached none{budget, 0};
  return plain_reached_.value_or(none).steps / norm_reached_.value_or(none).steps;
}

std::string Race::ratio_text() const {
  if (!plain_reached_ && !norm_reached_) return "neither got there";
  const std::string steps = fewer_steps(ratio());
  if (plain_reached_ && norm_reached_) return steps;
  if (steps == fewer_steps(1)) return norm_reached_ ? "fewer steps" : "more steps";
  return "at least " + steps;
}

}  // namespace mlp
