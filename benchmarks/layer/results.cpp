#include "results.hpp"

#include <algorithm>
#include <cmath>

#include "statistics.hpp"

namespace benchmarks {

std::optional<double> divide(std::optional<double> above, std::optional<double> below) {
  if (!above || !below) return std::nullopt;
  return *above / *below;
}

std::optional<double> Results::time(const Result& result, const std::string& name) {
  const auto found = result.figures.find(name);
  if (found == result.figures.end()) return std::nullopt;
  return found->second.microseconds;
}

std::optional<std::string> Results::fastest(const Result& result, Role role) const {
  std::optional<std::string> best;
  for (const Entry& entry : contenders) {
    const std::optional<double> found = time(result, entry.name);
    if (entry.role != role || !found) continue;
    if (!best || *found < *time(result, *best)) best = entry.name;
  }
  return best;
}

std::optional<double> Results::least(const Result& result, Role role) const {
  const std::optional<std::string> best = fastest(result, role);
  return best ? time(result, *best) : std::nullopt;
}

std::optional<double> Results::floor(const Result& result) const {
  return least(result, Role::floor);
}

std::optional<double> Results::over_floor(const Result& result, const std::string& name) const {
  return divide(time(result, name), floor(result));
}

std::optional<double> Results::over_ours(const Result& result, const std::string& name) {
  return divide(time(result, name), time(result, "ours"));
}

double Results::spread(const Result& result, const std::string& name) {
  const auto found = result.figures.find(name);
  return found == result.figures.end() ? 0.0 : found->second.spread;
}

double Results::spread(const Result& result, Role role) const {
  return spread(result, fastest(result, role).value_or(""));
}

Quiet Results::quiet() const {
  std::vector<double> spreads;
  for (const Result& result : all) spreads.push_back(spread(result, Role::floor));
  return {others, median(spreads)};
}

bool Results::took_part(const std::string& name) const {
  return std::ranges::any_of(all, [&](const Result& one) { return one.figures.contains(name); });
}

std::vector<std::string> Results::names(Role role) const {
  std::vector<std::string> result;
  for (const Entry& entry : contenders) {
    if (entry.role == role && took_part(entry.name)) result.push_back(entry.name);
  }
  return result;
}

void GeometricMean::add(std::optional<double> value) {
  if (!value) return;
  logs_ += std::log(*value);
  ++count_;
}

std::optional<double> GeometricMean::value() const {
  if (count_ == 0) return std::nullopt;
  return std::exp(logs_ / count_);
}

}  // namespace benchmarks
