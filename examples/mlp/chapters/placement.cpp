#include <algorithm>
#include <cmath>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"

namespace mlp {
namespace {

std::vector<double> rates(const Scope& scope, const Family& family) {
  if (scope.level == Level::full) return family.rates;
  return scope.choose<std::vector<double>>({0.3, 1, 3}, {0.1, 0.3, 1, 3, 10}, {});
}

std::vector<Recipe> arm(const Scope& scope, const Family& family, Placement placement) {
  return sweep(family.recipe, placement, rates(scope, family));
}

std::vector<Family> both_families(const Scope& scope) {
  return {relu_family(scope), sigmoid_family(scope)};
}

std::vector<Recipe> recipes(const Scope& scope) {
  std::vector<Recipe> all;
  for (const Family& family : both_families(scope)) {
    for (const Placement placement :
         {Placement::none, Placement::before_activation, Placement::after_activation}) {
      append(all, arm(scope, family, placement));
    }
  }
  return all;
}

Chart chart(const Evidence& evidence, const Family& family) {
  Chart chart{.title = family.name,
              .x_label = "learning rate",
              .y_label = "test accuracy at the end, %",
              .log_x = true};
  for (const Placement placement :
       {Placement::none, Placement::before_activation, Placement::after_activation}) {
    chart.lines.push_back(accuracy_over(
        evidence, arm(evidence.scope(), family, placement),
        [](const Recipe& recipe) { return recipe.learning_rate; }, arm_name(placement),
        tone_of(placement)));
  }
  return chart;
}

Recipe best(const Evidence& evidence, const Family& family, Placement placement) {
  return evidence.best(arm(evidence.scope(), family, placement));
}

Recipe at_largest_rate(const Evidence& evidence, const Family& family, Placement placement) {
  return arm(evidence.scope(), family, placement).back();
}

std::vector<std::string> row(const Evidence& evidence, const Family& family, Placement placement) {
  const Recipe recipe = best(evidence, family, placement);
  const Recipe largest = at_largest_rate(evidence, family, placement);
  return {family.name, arm_name(placement),
          rate_text(recipe.learning_rate, rates(evidence.scope(), family)),
          text_of(at_end(evidence.trials(recipe), kTest, 100)),
          text_of(at_end(evidence.trials(largest), kTest, 100))};
}

double best_end(const Evidence& evidence, const Family& family, Placement placement) {
  return end_of(evidence, best(evidence, family, placement));
}

/// How much higher "after" ends than "before", in points.
double difference(const Evidence& evidence, const Family& family) {
  return tenths(best_end(evidence, family, Placement::after_activation) -
                best_end(evidence, family, Placement::before_activation));
}

constexpr double kClose = 1;

Finding finding(const Evidence& evidence, const Family& family) {
  const Scope& scope = evidence.scope();
  return {.claim = family.name + ": before and after end within 1 point of each other",
          .measured = "before " +
                      percent(best_end(evidence, family, Placement::before_activation)) +
                      ", after " + percent(best_end(evidence, family, Placement::after_activation)),
          .setting = setting(scope, family.recipe) + "; " + choice(rates(scope, family)),
          .holds = std::abs(difference(evidence, family)) <= kClose};
}

/// How many of the networks end at least as high as the plain one.
std::string not_lower(const Evidence& evidence, Placement placement) {
  const auto all = both_families(evidence.scope());
  const auto count = std::count_if(all.begin(), all.end(), [&](const Family& family) {
    return best_end(evidence, family, placement) >= best_end(evidence, family, Placement::none);
  });
  return of_all(static_cast<std::size_t>(count), all.size(), "networks");
}

std::string limit(const Evidence& evidence) {
  std::string text;
  for (const Family& family : both_families(evidence.scope())) {
    const auto largest = [&](Placement placement) {
      return percent(end_of(evidence, at_largest_rate(evidence, family, placement)));
    };
    text += family.name + ": after ends " + higher(difference(evidence, family)) +
            (difference(evidence, family) == 0 ? " as" : " than") +
            " before, each at its best rate. At " + number(rates(evidence.scope(), family).back()) +
            ", the largest rate tried, before ends at " + largest(Placement::before_activation) +
            " and after at " + largest(Placement::after_activation) + ". ";
  }
  return text + "Other networks and data may tell them apart in another way.";
}

Account account(const Evidence& evidence) {
  Account account{
      .claim =
          "Batch normalization before the activation, where the paper has it, ends at least as "
          "high as no batch normalization in " +
          not_lower(evidence, Placement::before_activation) + ", and after the activation in " +
          not_lower(evidence, Placement::after_activation) + ".",
      .text = {"Before: activation(BatchNorm(W x)), where W needs no bias. After: "
               "BatchNorm(activation(W x + b)). All three networks start from the same weights."},
      .table = {.columns = {"network", "", "best rate", "accuracy there, %",
                            "at the largest rate, %"}},
      .limit = limit(evidence)};
  for (const Family& family : both_families(evidence.scope())) {
    account.charts.push_back(chart(evidence, family));
    account.findings.push_back(finding(evidence, family));
    for (const Placement placement :
         {Placement::none, Placement::before_activation, Placement::after_activation}) {
      account.table.rows.push_back(row(evidence, family, placement));
    }
  }
  return account;
}

}  // namespace

Chapter placement() { return {"placement", "Placement", recipes, account}; }

}  // namespace mlp
