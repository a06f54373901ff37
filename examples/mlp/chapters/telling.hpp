// How chapters put figures into words and lines.
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

/// The mean over the seeds of an accuracy at a place, in percent.
double mean_at(const Trials& trials, const std::string& figure, double at);

/// "no BatchNorm", "BatchNorm before the activation", ...
std::string arm_name(Placement placement);
Tone tone_of(Placement placement);

/// "64-100-100-100-10, sigmoid; batches of 60, 1,000 steps, 5 seeds"
std::string setting(const Scope& scope, const Recipe& recipe);
/// "learning rate 1 without, 0.3 with BatchNorm, each chosen on the validation images"
std::string chosen_rates(const Recipe& plain, const Recipe& norm);

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
