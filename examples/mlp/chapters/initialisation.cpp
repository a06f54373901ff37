#include <algorithm>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"
#include "format.hpp"

namespace mlp {
namespace {

std::vector<double> factors(const Scope& scope) {
  return scope.choose<std::vector<double>>({0.01, 1, 10}, {0.01, 0.03, 0.1, 0.3, 1, 3, 10},
                                           {0.01, 0.03, 0.1, 0.3, 1, 3, 10});
}

/// A recipe from weights of each size.
std::vector<Recipe> sized(const Scope& scope, Recipe recipe, Placement placement) {
  std::vector<Recipe> all;
  recipe.placement = placement;
  for (const double factor : factors(scope)) {
    recipe.gain = factor;
    all.push_back(recipe);
  }
  return all;
}

Recipe sigmoid(const Scope& scope) {
  return {
      .learning_rate = 1, .steps = scope.steps(350, 600, 2000), .seeds = scope.choose(5, 5, 10)};
}

Recipe relu(const Scope& scope) {
  return {.hidden = {64, 64, 64, 64, 64},
          .activation = Activation::relu,
          .learning_rate = 0.1,
          .batch = 64,
          .steps = scope.steps(300, 300, 1000),
          .seeds = scope.choose(5, 5, 10)};
}

std::vector<Recipe> recipes(const Scope& scope) {
  std::vector<Recipe> all;
  for (const Recipe& recipe : {sigmoid(scope), relu(scope)}) {
    append(all, sized(scope, recipe, Placement::none));
    append(all, sized(scope, recipe, Placement::before_activation));
  }
  return all;
}

/// The most less the least of an arm's accuracies, in points.
double range(const Evidence& evidence, const std::vector<Recipe>& arm) {
  double least = 100;
  double most = 0;
  for (const Recipe& recipe : arm) {
    least = std::min(least, end_of(evidence, recipe));
    most = std::max(most, end_of(evidence, recipe));
  }
  return tenths(most - least);
}

double range(const Evidence& evidence, const Recipe& recipe, Placement placement) {
  return range(evidence, sized(evidence.scope(), recipe, placement));
}

std::string range_text(double range) { return format("%.1f points", range); }

Chart chart(const Evidence& evidence, const Recipe& recipe, const char* title) {
  const auto gain = [](const Recipe& any) { return any.gain; };
  const Scope& scope = evidence.scope();
  return {.title = title,
          .x_label = "factor on the size of the first weights",
          .y_label = "test accuracy at the end, %",
          .lines = {accuracy_over(evidence, sized(scope, recipe, Placement::none), gain,
                                  "no BatchNorm", Tone::plain),
                    accuracy_over(evidence, sized(scope, recipe, Placement::before_activation),
                                  gain, "BatchNorm", Tone::norm)},
          .log_x = true};
}

/// What each arm of both networks has in a column of its own, behind a first cell.
template <typename Cell>
std::vector<std::string> row(const Scope& scope, const std::string& first, const Cell& cell) {
  std::vector<std::string> row{first};
  for (const Recipe& recipe : {sigmoid(scope), relu(scope)}) {
    for (const Placement placement : {Placement::none, Placement::before_activation}) {
      row.push_back(cell(recipe, placement));
    }
  }
  return row;
}

std::vector<std::vector<std::string>> rows(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < factors(scope).size(); ++i) {
    rows.push_back(row(scope, number(factors(scope)[i]), [&](const Recipe& any, Placement where) {
      return text_of(at_end(evidence.trials(sized(scope, any, where)[i]), kTest, 100));
    }));
  }
  rows.push_back(row(scope, "range of the means", [&](const Recipe& any, Placement where) {
    return range_text(range(evidence, any, where));
  }));
  return rows;
}

/// "from x0.01 to x10"
std::string extent(const Scope& scope) {
  return "from x" + number(factors(scope).front()) + " to x" + number(factors(scope).back());
}

std::string claim(const Evidence& evidence) {
  const auto both = [&](const Recipe& recipe) {
    return "varies by " + range_text(range(evidence, recipe, Placement::before_activation)) +
           " with batch normalization and by " +
           range_text(range(evidence, recipe, Placement::none)) + " without";
  };
  const Scope& scope = evidence.scope();
  return "With first weights of a size " + extent(scope) +
         ", the test accuracy of a sigmoid network " + both(sigmoid(scope)) +
         ", and that of a ReLU network " + both(relu(scope)) + ".";
}

/// What an arm loses from its best factor to the largest.
double cost_of_large(const Evidence& evidence, const Recipe& recipe) {
  const auto arm = sized(evidence.scope(), recipe, Placement::before_activation);
  double most = 0;
  for (const Recipe& any : arm) most = std::max(most, end_of(evidence, any));
  return tenths(most - end_of(evidence, arm.back()));
}

std::string limit(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const double own = cost_of_large(evidence, sigmoid(scope));
  const double other = cost_of_large(evidence, relu(scope));
  const std::string measured =
      "With batch normalization, weights x" + number(factors(scope).back()) + " end " +
      range_text(own) + " (sigmoid) and " + range_text(other) + " (ReLU) below the best size.";
  return measured + (std::max(own, other) > 0 ? " The last layer is not normalised, and a step "
                                                "changes large weights by little."
                                              : "");
}

Account account(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const Recipe own = sigmoid(scope);
  const double without = range(evidence, own, Placement::none);
  const double with = range(evidence, own, Placement::before_activation);
  const std::string promise = "Training depends less on the first weights";
  const std::string conditions =
      setting(scope, own) + "; learning rate 1 for both; factors " + listed(factors(scope));
  return {
      .claim = claim(evidence),
      .text =
          {"The standard deviation that fits the activation (Glorot's for the sigmoid, He's for "
           "ReLU) is multiplied by a factor, in all layers, the last one too. Both arms start "
           "from the same weights."},
      .charts = {chart(evidence, own, "Sigmoid, 3 hidden layers, rate 1"),
                 chart(evidence, relu(scope), "ReLU, 5 hidden layers, rate 0.1")},
      .table = {.columns = {"factor", "sigmoid without, %", "sigmoid with, %", "ReLU without, %",
                            "ReLU with, %"},
                .rows = rows(evidence)},
      .findings = {{.claim =
                        "Sigmoid with BatchNorm: a range of at most 3 points, " + extent(scope),
                    .brief = "With BatchNorm accuracy varies by " + range_text(with),
                    .measured = "a range of " + range_text(with),
                    .setting = conditions,
                    .holds = with <= 3,
                    .promise = promise},
                   {.claim = "Sigmoid without: a range of more than 50 points, " + extent(scope),
                    .brief = "Without BatchNorm accuracy varies by " + range_text(without),
                    .measured = "a range of " + range_text(without),
                    .setting = conditions,
                    .holds = without > 50,
                    .promise = promise}},
      .limit = limit(evidence)};
}

}  // namespace

Chapter initialisation() { return {"start", "Initialisation", recipes, account}; }

}  // namespace mlp
