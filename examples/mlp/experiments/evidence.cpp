#include "experiments/evidence.hpp"

#include <algorithm>
#include <stdexcept>

#include "experiments/results.hpp"

namespace mlp {

Trials Evidence::trials(const Recipe& recipe) const {
  Trials trials;
  for (int i = 0; i < recipe.seeds; ++i) {
    const Figures* const figures = results_.find(recipe, scope_.first_seed + i);
    if (figures == nullptr) throw std::logic_error("a chapter asks for what it did not plan");
    trials.push_back(figures);
  }
  return trials;
}

double Evidence::accuracy(const Recipe& recipe, const char* part) const {
  return 100 * at_end(trials(recipe), part).mean;
}

Recipe Evidence::best(const std::vector<Recipe>& candidates) const {
  return *std::max_element(candidates.begin(), candidates.end(),
                           [this](const Recipe& a, const Recipe& b) {
                             return accuracy(a, kValidation) < accuracy(b, kValidation);
                           });
}

double last(const Figures& trial, const std::string& figure) {
  return trial.at(figure).back().value;
}

double value_at(const Figures& trial, const std::string& figure, double at) {
  const std::vector<Reading>& readings = trial.at(figure);
  double value = readings.front().value;
  for (const Reading& reading : readings) {
    if (reading.at <= at) value = reading.value;
  }
  return value;
}

Spread at_end(const Trials& trials, const std::string& figure, double factor) {
  std::vector<double> values;
  for (const Figures* const trial : trials) values.push_back(factor * last(*trial, figure));
  return spread_of(values);
}

std::vector<Point> curve(const Trials& trials, const std::string& figure, double factor) {
  std::vector<Point> points;
  for (const Reading& reading : trials.front()->at(figure)) {
    std::vector<double> values;
    for (const Figures* const trial : trials) {
      values.push_back(factor * value_at(*trial, figure, reading.at));
    }
    points.push_back({reading.at, spread_of(values)});
  }
  return points;
}

std::optional<double> first_at_least(const std::vector<Point>& points, double least) {
  // What a mean may lose to rounding.
  constexpr double kRounding = 1e-9;
  const auto found = std::find_if(points.begin(), points.end(), [&](const Point& point) {
    return point.y.mean >= least - kRounding;
  });
  if (found == points.end()) return std::nullopt;
  return found->x;
}

}  // namespace mlp
