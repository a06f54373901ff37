#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/account.hpp"
#include "experiments/figures.hpp"
#include "experiments/recipe.hpp"
#include "experiments/scope.hpp"
#include "spread.hpp"

namespace mlp {

class Results;

inline constexpr const char* kTest = "test_accuracy";
inline constexpr const char* kValidation = "validation_accuracy";

/// The trials of one recipe, a seed each.
using Trials = std::vector<const Figures*>;

/// Access to the results that a chapter asked for, which must all be there.
class Evidence {
 public:
  Evidence(const Results& results, const Scope& scope) : results_(results), scope_(scope) {}

  const Scope& scope() const { return scope_; }
  Trials trials(const Recipe& recipe) const;

  /// In percent, at the end, as a mean over the seeds; of test or validation images.
  double accuracy(const Recipe& recipe, const char* part = kTest) const;

  /// The recipe with the highest validation accuracy at the end, as a mean over the seeds; the
  /// first one of equals. The test images have no say in it.
  Recipe best(const std::vector<Recipe>& candidates) const;

 private:
  const Results& results_;
  const Scope& scope_;
};

/// The last reading of a figure.
double last(const Figures& trial, const std::string& figure);
/// The reading of a figure at a place; the nearest one before, if there is none.
double value_at(const Figures& trial, const std::string& figure, double at);

Spread at_end(const Trials& trials, const std::string& figure, double factor = 1);
/// The spread of a figure at each place where the first trial has a reading.
std::vector<Point> curve(const Trials& trials, const std::string& figure, double factor = 1);

/// The first x where the mean is `least` or more.
std::optional<double> first_at_least(const std::vector<Point>& points, double least);

}  // namespace mlp
