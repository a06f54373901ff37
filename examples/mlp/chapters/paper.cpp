#include "chapters/chapters.hpp"
#include "chapters/telling.hpp"
#include "format.hpp"

namespace mlp {
namespace {

/// Section 4.1 of Ioffe and Szegedy. They give neither the rate nor the deviation.
Recipe network(const Scope& scope, Placement placement) {
  return {.placement = placement,
          .learning_rate = 0.3,
          .batch = 60,
          .steps = scope.choose<Index>(10000, 10000, 30000),
          .deviation = 0.01,
          .interval = 500,
          .seeds = scope.choose(3, 5, 5)};
}

std::vector<Recipe> recipes(const Scope& scope) {
  return {network(scope, Placement::none), network(scope, Placement::before_activation)};
}

double accuracy_at(const Evidence& evidence, const Recipe& recipe, double steps) {
  return mean_at(evidence.trials(recipe), kTest, steps);
}

Account account(const Evidence& evidence) {
  constexpr double kSteps = 10000;
  const Recipe plain = network(evidence.scope(), Placement::none);
  const Recipe norm = network(evidence.scope(), Placement::before_activation);
  const double without = accuracy_at(evidence, plain, kSteps);
  const double with = accuracy_at(evidence, norm, kSteps);
  Account account{
      .claim =
          "After 10,000 steps the paper's own network, 3 x 100 sigmoid units with batches of "
          "60, has " +
          percent(with) + " with batch normalization and " + percent(without) + " without.",
      .text =
          {"Section 4.1 and figure 1 a of Ioffe and Szegedy (2015). The paper gives neither the "
           "learning rate, here 0.3 for both, nor the deviation of its Gaussian weights, here "
           "0.01."},
      .charts = {{.title = "3 x 100 sigmoid",
                  .x_label = "steps",
                  .y_label = "test accuracy, %",
                  .lines = {accuracy_over_steps(evidence, plain, "no BatchNorm", Tone::plain),
                            accuracy_over_steps(evidence, norm, "BatchNorm", Tone::norm)}}},
      .table = {.columns = {"steps", "without, %", "with, %"}},
      .findings = {{.claim = "After 10,000 steps: at least 97 % with, at most 94 % without (MNIST)",
                    .measured = percent(with) + " with, " + percent(without) + " without",
                    .setting = setting(evidence.scope(), norm) + "; learning rate 0.3 for both",
                    .holds = with >= 97 && without <= 94}},
      .limit =
          "This is one start and one rate, the same for both. From Glorot's weights, and at rates "
          "that suit each, chapter Faster trains the same network."};
  for (const double steps : {1000.0, 3000.0, 5000.0, kSteps, 30000.0}) {
    if (steps > static_cast<double>(plain.steps)) continue;
    account.table.rows.push_back({number(steps),
                                  format("%.1f", accuracy_at(evidence, plain, steps)),
                                  format("%.1f", accuracy_at(evidence, norm, steps))});
  }
  return account;
}

}  // namespace

Chapter paper() { return {"paper", "The paper's network", recipes, account}; }

}  // namespace mlp
