// How chapters put figures into words and lines. A sentence holds no figure and no comparison but
// those that these functions are given.
#pragma once

#include <string>
#include <vector>

#include "experiments/account.hpp"
#include "experiments/evidence.hpp"

namespace mlp {

/// "0.3", "1,600", "96.6 %", "+1.2 points".
std::string number(double value);
std::string percent(double value, int digits = 1);
std::string points(double difference);
/// "7.9 times"
std::string times(double ratio);

/// What a reader sees of a figure with one digit. Differences, extremes and marks are taken of
/// these, so that they agree with the figures beside them.
double tenths(double value);

/// "1.2 points higher", "0.4 points lower" or "just as high".
std::string higher(double difference);
/// "2.7 times fewer steps", "1.3 times more steps" or "as many steps": how many steps one takes
/// where another takes `ratio` times as many.
std::string fewer_steps(double ratio);
/// "24 % lower", "3 % higher" or "the same".
std::string lower(double value, double other);

/// "A", "A and B", "A, B and C"
std::string joined(const std::vector<std::string>& parts);
/// "all 3 networks", "2 of the 3 networks", "none of the 3 networks".
std::string of_all(std::size_t count, std::size_t all, const std::string& things);

/// The accuracy at the end on the test images, in tenths of a percent.
double end_of(const Evidence& evidence, const Recipe& recipe);
/// The mean over the seeds of an accuracy at a place, in tenths of a percent.
double mean_at(const Trials& trials, const std::string& figure, double at);
/// What a guess gets, in percent.
double chance(const Scope& scope);

/// "no BatchNorm", "BatchNorm before the activation", ...
std::string arm_name(Placement placement);
Tone tone_of(Placement placement);

/// "64-100-100-100-10, sigmoid; batches of 60, 1,000 steps, 5 seeds"
std::string setting(const Scope& scope, const Recipe& recipe);

/// The rates of an arm, in its order.
std::vector<double> rates_of(const std::vector<Recipe>& arm);
/// "0.1, 0.3 and 1"
std::string listed(const std::vector<double>& values);
/// "0.3", "30 (largest tried)" or "3 (smallest tried)", of rates that ascend.
std::string rate_text(double rate, const std::vector<double>& tried);
/// "learning rate 0.1 for all", or "learning rates chosen on the validation images from 0.1 and 1".
std::string choice(const std::vector<double>& tried);

/// The mean accuracy over training, in percent.
Line accuracy_over_steps(const Evidence& evidence, const Recipe& recipe, std::string name,
                         Tone tone);

/// The accuracy at the end of each recipe, in percent, over `x(recipe)`.
template <typename X>
Line accuracy_over(const Evidence& evidence, const std::vector<Recipe>& recipes, const X& x,
                   std::string name, Tone tone) {
  Line line{.name = std::move(name), .tone = tone};
  for (const Recipe& recipe : recipes) {
    line.points.push_back({x(recipe), at_end(evidence.trials(recipe), kTest, 100)});
  }
  return line;
}

}  // namespace mlp
