#include "chapters/telling.hpp"

#include <cmath>
#include <utility>

#include "format.hpp"
#include "names.hpp"

namespace mlp {

std::string number(double value) {
  if (std::abs(value) < 1000) return format("%.3g", value);
  const std::string digits = format("%.0f", value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string percent(double value, int digits) { return format("%.*f %%", digits, value); }

std::string points(double difference) { return format("%+.1f points", difference); }

std::string times(double ratio) {
  return ratio < 10 ? format("%.1f times", ratio) : number(std::round(ratio)) + " times";
}

double mean_at(const Trials& trials, const std::string& figure, double at) {
  std::vector<double> values;
  for (const Figures* const trial : trials) values.push_back(100 * value_at(*trial, figure, at));
  return spread_of(values).mean;
}

std::string arm_name(Placement placement) {
  const std::string name = long_name(placement);
  return placement == Placement::none ? name : name + " the activation";
}

Tone tone_of(Placement placement) {
  switch (placement) {
    case Placement::before_activation:
      return Tone::norm;
    case Placement::after_activation:
      return Tone::third;
    case Placement::none:
      break;
  }
  return Tone::plain;
}

std::string setting(const Scope& scope, const Recipe& recipe) {
  return network_text(recipe, scope.inputs, scope.classes) + "; batches of " +
         number(static_cast<double>(recipe.batch)) + ", " +
         number(static_cast<double>(recipe.steps)) + " steps, " + std::to_string(recipe.seeds) +
         " seeds";
}

std::string chosen_rates(const Recipe& plain, const Recipe& norm) {
  return "learning rate " + number(plain.learning_rate) + " without, " +
         number(norm.learning_rate) + " with BatchNorm, each chosen on the validation images";
}

Line accuracy_over_steps(const Evidence& evidence, const Recipe& recipe, std::string name,
                         Tone tone) {
  return {
      .name = std::move(name), .tone = tone, .points = curve(evidence.trials(recipe), kTest, 100)};
}

}  // namespace mlp
