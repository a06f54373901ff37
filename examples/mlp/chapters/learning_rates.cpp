#include <algorithm>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"

namespace mlp {
namespace {

/// So many points below the best, a run still ended well.
constexpr double kSlack = 2;

double best_accuracy(const Evidence& evidence, const std::vector<Recipe>& arm) {
  return evidence.accuracy(evidence.best(arm));
}

double largest_usable(const Evidence& evidence, const std::vector<Recipe>& arm) {
  const double least = best_accuracy(evidence, arm) - kSlack;
  double largest = 0;
  for (const Recipe& recipe : arm) {
    if (evidence.accuracy(recipe) >= least) largest = std::max(largest, recipe.learning_rate);
  }
  return largest;
}

/// How many (rate, seed) runs of an arm end with `least` percent or more.
int ended_well(const Evidence& evidence, const std::vector<Recipe>& arm, double least) {
  int count = 0;
  for (const Recipe& recipe : arm) {
    for (const Figures* const trial : evidence.trials(recipe)) {
      if (100 * last(*trial, kTest) >= least) ++count;
    }
  }
  return count;
}

struct Arms {
  std::vector<Recipe> plain, norm;
};

Finding tolerance(const Evidence& evidence, const Family& family, const Arms& arms) {
  const double without = largest_usable(evidence, arms.plain);
  const double with = largest_usable(evidence, arms.norm);
  // The grid's half decades are not exactly 10^(1/2) apart.
  constexpr double kMark = 10 * 0.99;
  return {.claim = family.name + ": the largest usable rate is at least 10 times higher",
          .brief = times(with / without) + " higher",
          .measured =
              times(with / without) + " higher: " + number(with) + " instead of " + number(without),
          .setting = "usable: mean test accuracy within 2 points of the arm's best; " +
                     setting(evidence.scope(), family.recipe),
          .holds = with / without >= kMark,
          .promise = "Learning rates can be 10 times higher"};
}

Finding stability(const Evidence& evidence, const Family& family, const Arms& arms) {
  const double best =
      std::max(best_accuracy(evidence, arms.plain), best_accuracy(evidence, arms.norm));
  const int without = ended_well(evidence, arms.plain, best - kSlack);
  const int with = ended_well(evidence, arms.norm, best - kSlack);
  const auto all = static_cast<int>(arms.plain.size()) * family.recipe.seeds;
  return {.claim = family.name + ": more of all runs end well",
          .brief = std::to_string(with) + " instead of " + std::to_string(without) + " of " +
                   std::to_string(all) + " runs",
          .measured = std::to_string(with) + " instead of " + std::to_string(without) + " of " +
                      std::to_string(all) + " runs",
          .setting = "all runs at " + std::to_string(arms.plain.size()) + " learning rates, " +
                     number(family.rates.front()) + " to " + number(family.rates.back()) +
                     "; well: within 2 points of the best of both arms",
          .holds = with > without,
          .promise = "Training becomes stable"};
}

std::vector<std::string> row(const Evidence& evidence, const Family& family, const Arms& arms) {
  const Recipe norm = evidence.best(arms.norm);
  const auto same = std::find_if(arms.plain.begin(), arms.plain.end(), [&](const Recipe& recipe) {
    return recipe.learning_rate == norm.learning_rate;
  });
  return {family.name,
          number(evidence.best(arms.plain).learning_rate),
          text_of(at_end(evidence.trials(evidence.best(arms.plain)), kTest, 100)),
          number(norm.learning_rate),
          text_of(at_end(evidence.trials(norm), kTest, 100)),
          text_of(at_end(evidence.trials(*same), kTest, 100))};
}

Account account(const Evidence& evidence) {
  const auto rate = [](const Recipe& recipe) { return recipe.learning_rate; };
  Account account{
      .claim =
          "With batch normalization a network trains over a much wider range of learning "
          "rates, and up to much higher ones.",
      .text = {"Every network is trained at every rate of the grid, from every seed. Beyond its "
               "largest usable rate a plain network guesses, or its loss is no longer finite, "
               "which counts as guessing.",
               "A tutorial that trains both networks at one rate, the best with batch "
               "normalization, shows the last column of the table: a large gain, most of which "
               "the plain network would have had at a rate of its own."},
      .table = {.columns = {"network", "best rate without", "accuracy, %", "best rate with",
                            "accuracy, %", "without, at that rate, %"}},
      .limit =
          "At small rates batch normalization does not help: a few steps of a small rate get "
          "a ReLU network from He's weights no further with it than without. At well chosen "
          "rates the plain network is as stable."};
  for (const Family& family : families(evidence.scope())) {
    const Arms arms{sweep(family, Placement::none), sweep(family, Placement::before_activation)};
    account.charts.push_back(
        {.title = family.name,
         .x_label = "learning rate",
         .y_label = "test accuracy at the end, %",
         .lines = {accuracy_over(evidence, arms.plain, rate, "no BatchNorm", Tone::plain),
                   accuracy_over(evidence, arms.norm, rate, "BatchNorm", Tone::norm)},
         .log_x = true});
    account.findings.push_back(tolerance(evidence, family, arms));
    account.findings.push_back(stability(evidence, family, arms));
    account.table.rows.push_back(row(evidence, family, arms));
  }
  return account;
}

}  // namespace

Chapter learning_rates() { return {"rates", "Learning rates", both_sweeps, account}; }

}  // namespace mlp
