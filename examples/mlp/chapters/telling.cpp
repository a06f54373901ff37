#include "chapters/telling.hpp"

#include <cmath>
#include <utility>

#include "format.hpp"
#include "names.hpp"

namespace mlp {

std::string number(double value) {
  if (std::abs(value) < 999.5) return format("%.3g", value);
  const std::string digits = format("%.0f", value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string percent(double value, int digits) { return format("%.*f %%", digits, value); }

std::string points(double difference) {
  const double shown = tenths(difference);
  return shown == 0 ? "0.0 points" : format("%+.1f points", shown);
}

std::string times(double ratio) {
  return ratio < 10 ? format("%.1f times", ratio) : number(std::round(ratio)) + " times";
}

double tenths(double value) { return std::stod(format("%.1f", value)); }

std::string higher(double difference) {
  const double shown = tenths(difference);
  if (shown == 0) return "just as high";
  return format("%.1f points %s", std::abs(shown), shown > 0 ? "higher" : "lower");
}

std::string fewer_steps(double ratio) {
  if (tenths(ratio) == 1 || tenths(1 / ratio) == 1) return "as many steps";
  return ratio > 1 ? times(ratio) + " fewer steps" : times(1 / ratio) + " more steps";
}

std::string lower(double value, double other) {
  const double share = std::round(100 * (1 - value / other));
  if (share == 0) return "the same";
  return format("%.0f %% %s", std::abs(share), share > 0 ? "lower" : "higher");
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 < parts.size() ? ", " : " and ";
    text += parts[i];
  }
  return text;
}

std::string of_all(std::size_t count, std::size_t all, const std::string& things) {
  const std::string whole = std::to_string(all) + ' ' + things;
  if (count == all) return all == 2 ? "both " + things : "all " + whole;
  return (count == 0 ? "none" : std::to_string(count)) + " of the " + whole;
}

double end_of(const Evidence& evidence, const Recipe& recipe) {
  return tenths(evidence.accuracy(recipe));
}

double mean_at(const Trials& trials, const std::string& figure, double at) {
  std::vector<double> values;
  for (const Figures* const trial : trials) values.push_back(100 * value_at(*trial, figure, at));
  return tenths(spread_of(values).mean);
}

double chance(const Scope& scope) { return 100 / static_cast<double>(scope.classes); }

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

std::vector<double> rates_of(const std::vector<Recipe>& arm) {
  std::vector<double> rates;
  for (const Recipe& recipe : arm) rates.push_back(recipe.learning_rate);
  return rates;
}

std::string listed(const std::vector<double>& values) {
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(number(value));
  return joined(texts);
}

std::string rate_text(double rate, const std::vector<double>& tried) {
  if (tried.size() < 2) return number(rate);
  if (rate == tried.back()) return number(rate) + " (largest tried)";
  return number(rate) + (rate == tried.front() ? " (smallest tried)" : "");
}

std::string choice(const std::vector<double>& tried) {
  return tried.size() == 1 ? "learning rate " + number(tried.front()) + " for all"
                           : "learning rates chosen on the validation images from " + listed(tried);
}

Line accuracy_over_steps(const Evidence& evidence, const Recipe& recipe, std::string name,
                         Tone tone) {
  return {
      .name = std::move(name), .tone = tone, .points = curve(evidence.trials(recipe), kTest, 100)};
}

}  // namespace mlp
