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

std::vector<std::string> row(const Evidence& evidence, const Family& family, Placement placement) {
  const Recipe recipe = best(evidence, family, placement);
  return {family.name, arm_name(placement), number(recipe.learning_rate),
          text_of(at_end(evidence.trials(recipe), kTest, 100))};
}

Finding finding(const Evidence& evidence, const Family& family) {
  const double before = evidence.accuracy(best(evidence, family, Placement::before_activation));
  const double after = evidence.accuracy(best(evidence, family, Placement::after_activation));
  return {.claim = family.name + ": before and after end within 1 point of each other",
          .measured = "before " + percent(before) + ", after " + percent(after),
          .setting = setting(evidence.scope(), family.recipe) +
                     "; each at the learning rate that is best on the validation images",
          .holds = std::abs(before - after) <= 1};
}

Account account(const Evidence& evidence) {
  Account account{
      .claim =
          "Batch normalization works before the activation, where the paper has it, and after "
          "it.",
      .text = {"Before: activation(BatchNorm(W x)), where W needs no bias. After: "
               "BatchNorm(activation(W x + b)). All three networks start from the same weights."},
      .table = {.columns = {"network", "", "best rate", "test accuracy, %"}},
      .limit =
          "On these small networks the two differ by less than seeds do, at rates that suit "
          "both. After the activation, the largest rates fail sooner here."};
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
