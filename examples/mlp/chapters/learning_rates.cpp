#include <algorithm>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"

namespace mlp {
namespace {

/// So many points below the best, a run still ended well.
constexpr double kSlack = 2;

/// Both arms of a family, over all rates, and what the report says of them.
struct Arms {
  Family family;
  std::vector<Recipe> plain, norm;
  Recipe best_plain{}, best_norm{};
  double usable_plain = 0, usable_norm = 0;  ///< the largest usable rate that was tried
  int well_plain = 0, well_norm = 0;         ///< runs that end well
};

double largest_usable(const Evidence& evidence, const std::vector<Recipe>& arm) {
  const double least = tenths(end_of(evidence, evidence.best(arm)) - kSlack);
  double largest = 0;
  for (const Recipe& recipe : arm) {
    if (end_of(evidence, recipe) >= least) largest = std::max(largest, recipe.learning_rate);
  }
  return largest;
}

/// How many (rate, seed) runs of an arm end with `least` percent or more.
int ended_well(const Evidence& evidence, const std::vector<Recipe>& arm, double least) {
  int count = 0;
  for (const Recipe& recipe : arm) {
    for (const Figures* const trial : evidence.trials(recipe)) {
      if (tenths(100 * last(*trial, kTest)) >= least) ++count;
    }
  }
  return count;
}

Arms arms_of(const Evidence& evidence, const Family& family) {
  Arms arms{.family = family,
            .plain = sweep(family, Placement::none),
            .norm = sweep(family, Placement::before_activation)};
  arms.best_plain = evidence.best(arms.plain);
  arms.best_norm = evidence.best(arms.norm);
  arms.usable_plain = largest_usable(evidence, arms.plain);
  arms.usable_norm = largest_usable(evidence, arms.norm);
  const double least = tenths(
      std::max(end_of(evidence, arms.best_plain), end_of(evidence, arms.best_norm)) - kSlack);
  arms.well_plain = ended_well(evidence, arms.plain, least);
  arms.well_norm = ended_well(evidence, arms.norm, least);
  return arms;
}

// The grid's half decades are not exactly 10^(1/2) apart.
constexpr double kTenTimes = 10 * 0.99;

/// "up to 10 instead of 3", "up to 30, the largest tried, instead of 3"
std::string reach_text(const Arms& arms) {
  const double largest = arms.family.rates.back();
  const auto up_to = [&](double rate, const std::string& rest) {
    return "up to " + number(rate) + (rate == largest ? ", the largest tried," : "") + rest;
  };
  if (arms.usable_norm == arms.usable_plain) return up_to(arms.usable_norm, " with and without");
  return up_to(arms.usable_norm, " instead of " + number(arms.usable_plain)) +
         (arms.usable_plain == largest ? ", the largest tried" : "");
}

/// In the table.
std::string largest_text(double rate, const std::vector<double>& tried) {
  return number(rate) + (rate == tried.back() ? " (largest tried)" : "");
}

Finding tolerance(const Evidence& evidence, const Arms& arms) {
  return {.claim = arms.family.name +
                   ": of the rates tried, the largest usable one is at least 10 "
                   "times as high",
          .brief = "Usable " + reach_text(arms),
          .measured = reach_text(arms),
          .setting = "usable: mean test accuracy within 2 points of the arm's best rate; rates " +
                     listed(arms.family.rates) + "; " +
                     setting(evidence.scope(), arms.family.recipe),
          .holds = arms.usable_norm / arms.usable_plain >= kTenTimes,
          .promise = "Learning rates can be 10 times higher"};
}

Finding stability(const Arms& arms) {
  const auto all = static_cast<int>(arms.plain.size()) * arms.family.recipe.seeds;
  const std::string counts = std::to_string(arms.well_norm) + " instead of " +
                             std::to_string(arms.well_plain) + " of " + std::to_string(all) +
                             " runs";
  return {.claim = arms.family.name + ": more of all runs end well",
          .brief = counts + " end well",
          .measured = counts,
          .setting = "runs at all rates, " + listed(arms.family.rates) +
                     "; well: within 2 points of the best of both arms",
          .holds = arms.well_norm > arms.well_plain,
          .promise = "Training becomes stable"};
}

/// The recipe of an arm at a rate, which all arms of a family were tried at.
const Recipe& at_rate(const std::vector<Recipe>& arm, double rate) {
  return *std::find_if(arm.begin(), arm.end(),
                       [&](const Recipe& recipe) { return recipe.learning_rate == rate; });
}

std::vector<std::string> row(const Evidence& evidence, const Arms& arms, Placement placement) {
  const bool plain = placement == Placement::none;
  const Recipe& best = plain ? arms.best_plain : arms.best_norm;
  const auto& arm = plain ? arms.plain : arms.norm;
  const auto end = [&](const Recipe& recipe) {
    return text_of(at_end(evidence.trials(recipe), kTest, 100));
  };
  return {arms.family.name,
          plain ? "no BatchNorm" : "BatchNorm",
          rate_text(best.learning_rate, arms.family.rates),
          end(best),
          end(at_rate(arm, arms.best_norm.learning_rate)),
          end(arm.front()),
          largest_text(plain ? arms.usable_plain : arms.usable_norm, arms.family.rates),
          std::to_string(plain ? arms.well_plain : arms.well_norm)};
}

/// By how much BatchNorm changes the accuracy of each network, between the recipes that `pair`
/// gives.
template <typename Pair>
std::string gains(const Evidence& evidence, const std::vector<Arms>& all, const Pair& pair) {
  std::vector<std::string> parts;
  for (const Arms& arms : all) {
    const auto [plain, norm] = pair(arms);
    parts.push_back(points(end_of(evidence, norm) - end_of(evidence, plain)) + " (" +
                    arms.family.name + ")");
  }
  return joined(parts);
}

std::string gains_at_own(const Evidence& evidence, const std::vector<Arms>& all) {
  return gains(evidence, all,
               [](const Arms& arms) { return std::pair(arms.best_plain, arms.best_norm); });
}

std::string gains_at_one(const Evidence& evidence, const std::vector<Arms>& all) {
  return gains(evidence, all, [](const Arms& arms) {
    return std::pair(at_rate(arms.plain, arms.best_norm.learning_rate), arms.best_norm);
  });
}

std::string gains_at_smallest(const Evidence& evidence, const std::vector<Arms>& all) {
  return gains(evidence, all,
               [](const Arms& arms) { return std::pair(arms.plain.front(), arms.norm.front()); });
}

Chart chart(const Evidence& evidence, const Arms& arms) {
  const auto rate = [](const Recipe& recipe) { return recipe.learning_rate; };
  return {.title = arms.family.name,
          .x_label = "learning rate",
          .y_label = "test accuracy at the end, %",
          .lines = {accuracy_over(evidence, arms.plain, rate, "no BatchNorm", Tone::plain),
                    accuracy_over(evidence, arms.norm, rate, "BatchNorm", Tone::norm)},
          .log_x = true};
}

template <typename Holds>
std::string in_how_many(const std::vector<Arms>& all, const Holds& holds) {
  return of_all(static_cast<std::size_t>(std::count_if(all.begin(), all.end(), holds)), all.size(),
                "networks");
}

std::string claim(const std::vector<Arms>& all) {
  const auto higher = [](const Arms& arms) { return arms.usable_norm > arms.usable_plain; };
  const auto more = [](const Arms& arms) { return arms.well_norm > arms.well_plain; };
  return "Batch normalization makes higher learning rates usable in " + in_how_many(all, higher) +
         ", and more of all runs end well in " + in_how_many(all, more) + ".";
}

Account account(const Evidence& evidence) {
  std::vector<Arms> all;
  for (const Family& family : families(evidence.scope())) all.push_back(arms_of(evidence, family));
  Account account{
      .claim = claim(all),
      .text = {"Every network is trained at every rate of the grid, from every seed. A run whose "
               "loss is no longer finite counts as guessing. A rate is usable where the mean test "
               "accuracy is within 2 points of that of the arm's best rate, and a run ends well "
               "within 2 points of the best of both arms.",
               "A tutorial that trains both networks at one rate, the best with batch "
               "normalization, would show a gain of " +
                   gains_at_one(evidence, all) + ". With each at its own best rate it is " +
                   gains_at_own(evidence, all) + "."},
      .table = {.columns = {"network", "", "best rate", "accuracy there, %",
                            "at BatchNorm's best rate, %", "at the smallest rate, %",
                            "largest usable rate", "runs that end well"}},
      .limit = "At the smallest rate tried, BatchNorm changes the accuracy by " +
               gains_at_smallest(evidence, all) +
               ". Whether a network is good between two rates of the grid, or beyond them, is not "
               "known."};
  for (const Arms& arms : all) {
    account.charts.push_back(chart(evidence, arms));
    account.findings.push_back(tolerance(evidence, arms));
    account.findings.push_back(stability(arms));
    for (const Placement placement : {Placement::none, Placement::before_activation}) {
      account.table.rows.push_back(row(evidence, arms, placement));
    }
  }
  return account;
}

}  // namespace

Chapter learning_rates() { return {"rates", "Learning rates", both_sweeps, account}; }

}  // namespace mlp
