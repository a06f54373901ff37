#include <algorithm>
#include <array>

#include "chapters/chapters.hpp"
#include "chapters/race.hpp"
#include "chapters/telling.hpp"
#include "format.hpp"

namespace mlp {
namespace {

std::string steps_cell(const std::optional<Reached>& reached, const Recipe& recipe) {
  return reached ? number(reached->steps)
                 : "not within " + number(static_cast<double>(recipe.steps));
}

/// How many times fewer steps BatchNorm needs, for each seed on its own that gets there in both
/// arms.
std::string ratio_per_seed(const Evidence& evidence, const Race& race) {
  const Trials plain = evidence.trials(race.plain());
  const Trials norm = evidence.trials(race.norm());
  std::vector<double> ratios;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const auto without = first_at_least(curve({plain[i]}, kTest, 100), race.target());
    const auto with = first_at_least(curve({norm[i]}, kTest, 100), race.target());
    if (without && with) ratios.push_back(*without / *with);
  }
  const std::string seeds =
      std::to_string(ratios.size()) + " of " + std::to_string(plain.size()) + " seeds";
  return ratios.empty() ? seeds : text_of(spread_of(ratios)) + ", " + seeds;
}

std::string brief_of(const Race& race) {
  const std::string target = percent(race.target());
  if (!race.plain_reached() && !race.norm_reached()) return "Neither network gets to " + target;
  if (!race.norm_reached()) return "Does not get to " + target;
  return "Gets to " + target + " in " + race.ratio_text();
}

std::string steps_text(const Race& race) {
  const auto& plain = race.plain_reached();
  const auto& norm = race.norm_reached();
  const std::string budget = number(static_cast<double>(race.plain().steps));
  const std::string rise = race.still_rises() ? "; the plain network still rises at the end" : "";
  if (plain && norm) return number(norm->steps) + " instead of " + number(plain->steps) + rise;
  if (norm) return number(norm->steps) + "; without, it did not get there within " + budget;
  if (plain)
    return "it did not get there within " + budget + "; without, in " + number(plain->steps);
  return "within " + budget + " steps";
}

std::string seconds_text(const Race& race) {
  const auto& plain = race.plain_reached();
  const auto& norm = race.norm_reached();
  if (!plain || !norm) return "";
  return format("; %.3f s instead of %.3f s", norm->seconds, plain->seconds);
}

std::string rates_of(const Race& race) {
  return "learning rate " + rate_text(race.plain().learning_rate, race.family().rates) +
         " without, " + rate_text(race.norm().learning_rate, race.family().rates) +
         " with BatchNorm";
}

Finding speed(const Evidence& evidence, const Race& race, double mark) {
  return {.claim = race.family().name + ": at least " + number(mark) + " times fewer steps",
          .brief = brief_of(race),
          .measured = race.ratio_text() + " to " + percent(race.target()) + ": " +
                      steps_text(race) + seconds_text(race),
          .setting = setting(evidence.scope(), race.plain()) + ", counted every " +
                     number(static_cast<double>(race.plain().interval)) + "; " + rates_of(race),
          .holds = race.norm_reached() && race.ratio() >= mark,
          .promise = "Training is 2 to 5 times faster"};
}

Finding gain(const Evidence& evidence, const Race& race) {
  constexpr double kPromised = 7;
  const double without = end_of(evidence, race.best_plain());
  const double with = end_of(evidence, race.best_norm());
  const std::vector<double>& rates = race.family().rates;
  return {
      .claim = race.family().name + ": at least 7 points higher at the end",
      .brief = "Ends " + higher(with - without) + ", at " + percent(with),
      .measured = higher(with - without) + ": " + percent(with) + " instead of " + percent(without),
      .setting = setting(evidence.scope(), race.best_plain()) + "; the rates that end best: " +
                 rate_text(race.best_plain().learning_rate, rates) + " without, " +
                 rate_text(race.best_norm().learning_rate, rates) + " with BatchNorm",
      .holds = tenths(with - without) >= kPromised,
      .promise = "Final accuracy rises, as from 85 to 92 %"};
}

Line target_line(const Race& race) {
  const double end = static_cast<double>(race.plain().steps);
  const Spread target{race.target(), race.target(), race.target()};
  return {.name = "target, " + percent(race.target()),
          .tone = Tone::reference,
          .points = {{0, target}, {end, target}},
          .dashed = true};
}

Chart chart(const Evidence& evidence, const Race& race) {
  const auto line = [&](const Recipe& recipe, const char* name) {
    return accuracy_over_steps(evidence, recipe, name + (", rate " + number(recipe.learning_rate)),
                               tone_of(recipe.placement));
  };
  return {.title = race.family().name,
          .x_label = "steps",
          .y_label = "test accuracy, %",
          .lines = {line(race.plain(), "no BatchNorm"), line(race.norm(), "BatchNorm"),
                    target_line(race)}};
}

std::vector<std::string> row(const Evidence& evidence, const Race& race) {
  const auto end = [&](const Recipe& recipe) {
    return text_of(at_end(evidence.trials(recipe), kTest, 100));
  };
  return {race.family().name,
          end(race.best_plain()),
          end(race.best_norm()),
          percent(race.target()),
          steps_cell(race.plain_reached(), race.plain()),
          steps_cell(race.norm_reached(), race.norm()),
          race.ratio_text(),
          ratio_per_seed(evidence, race)};
}

bool is_faster(const Race& race) { return race.norm_reached() && tenths(race.ratio()) > 1; }

/// The networks whose start does not fit them should gain more than those whose start does.
std::string dependence(const Race& fitting, const Race& small) {
  const std::string ratios = "from He's weights, which fit ReLU, " + fitting.ratio_text() +
                             "; from small Gaussian weights, which do not fit a sigmoid (figure 1 "
                             "of the paper has these), " +
                             small.ratio_text() + ".";
  return (small.ratio() > fitting.ratio()
              ? "The gain depends on what the plain network starts from: "
              : "A start that fits the network did not gain less here: ") +
         ratios;
}

std::string limit(const std::vector<Race>& races) {
  std::vector<std::string> rising;
  double least = races.front().step_cost();
  double most = least;
  for (const Race& race : races) {
    if (race.still_rises()) rising.push_back(race.family().name);
    least = std::min(least, race.step_cost());
    most = std::max(most, race.step_cost());
  }
  const std::string low = format("%.1f", least);
  const std::string high = format("%.1f", most);
  std::string text = "A step with batch normalization takes " + low +
                     (low == high ? "" : " to " + high) +
                     " times as long here as one without, which the seconds include.";
  if (!rising.empty()) {
    text += " Where the plain network still rises when its steps end (" + joined(rising) +
            "), its target and the ratio are those of this number of steps: with more, they could "
            "be others.";
  }
  return text;
}

Account account(const Evidence& evidence) {
  constexpr std::array<double, 3> kMarks{2, 3, 5};
  std::vector<Race> races;
  for (const Family& family : families(evidence.scope())) races.emplace_back(evidence, family);
  const auto faster = std::count_if(races.begin(), races.end(), is_faster);
  Account account{
      .claim = "With batch normalization the way to a given test accuracy is shorter in " +
               of_all(static_cast<std::size_t>(faster), races.size(), "networks") +
               ", each at the learning rate that suits it.",
      .text =
          {"The target is one point below the test accuracy that the plain network ends with, at "
           "the rate whose end is best on the validation images; if that network learns nothing, "
           "one point below what BatchNorm ends with. Each arm then trains at the rate that, on "
           "the validation images, comes there soonest. Where that rate does not come there on "
           "the test images, the arm's best one takes its place. Steps are counted where the mean "
           "over the seeds first reaches the target; the band shows the least and the most of the "
           "seeds.",
           dependence(races.front(), races.back())},
      .table = {.columns = {"network", "best end without, %", "best end with, %", "target",
                            "steps without", "steps with", "BatchNorm needs",
                            "times fewer, seeds that get there"}},
      .limit = limit(races)};
  std::size_t i = 0;
  for (const Race& race : races) {
    account.charts.push_back(chart(evidence, race));
    account.table.rows.push_back(row(evidence, race));
    account.findings.push_back(speed(evidence, race, kMarks[i++]));
    account.findings.push_back(gain(evidence, race));
  }
  return account;
}

}  // namespace

Chapter faster() { return {"faster", "Faster", both_sweeps, account}; }

}  // namespace mlp
