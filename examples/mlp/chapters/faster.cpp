#include <algorithm>
#include <array>
#include <cmath>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"
#include "format.hpp"

namespace mlp {
namespace {

/// So many points below what the plain network ends with, every seed should get.
constexpr double kSlack = 1;

double steps_to(const Evidence& evidence, const Recipe& recipe, const char* part, double target) {
  const auto points = curve(evidence.trials(recipe), part, 100);
  return first_at_least(points, target).value_or(INFINITY);
}

/// The one that comes to the target soonest, on the validation images.
Recipe quickest(const Evidence& evidence, const std::vector<Recipe>& candidates, double target) {
  return *std::min_element(candidates.begin(), candidates.end(),
                           [&](const Recipe& a, const Recipe& b) {
                             return steps_to(evidence, a, kValidation, target) <
                                    steps_to(evidence, b, kValidation, target);
                           });
}

/// What one arm of a race needs to get to a target; infinite where it never does.
struct Reached {
  double steps, seconds;
};

std::string text_of_steps(double steps) { return std::isfinite(steps) ? number(steps) : "never"; }

/// Both arms of a family, each at the rate that suits it.
struct Race {
  Family family;
  Recipe plain, norm;
  double target;  ///< test accuracy that the plain network ends with at its best rate, in percent

  Race(const Evidence& evidence, const Family& any) : family(any) {
    const auto plain_arm = sweep(family, Placement::none);
    const auto norm_arm = sweep(family, Placement::before_activation);
    const Recipe best = evidence.best(plain_arm);
    target = evidence.accuracy(best);
    const double hurdle = evidence.accuracy(best, kValidation) - kSlack;
    plain = quickest(evidence, plain_arm, hurdle);
    norm = quickest(evidence, norm_arm, hurdle);
    // A plain network that is quick but ends lower would never come to the target.
    if (evidence.accuracy(plain) < target) plain = best;
  }
};

Reached reached(const Evidence& evidence, const Recipe& recipe, double target) {
  const Trials trials = evidence.trials(recipe);
  const double steps = steps_to(evidence, recipe, kTest, target);
  const double per_step = at_end(trials, "seconds").mean / static_cast<double>(recipe.steps);
  return {steps, steps * per_step};
}

/// How many times fewer steps BatchNorm needs, for each seed on its own.
Spread ratio_per_seed(const Evidence& evidence, const Race& race) {
  const Trials plain = evidence.trials(race.plain);
  const Trials norm = evidence.trials(race.norm);
  const auto steps = [&](const Figures* trial) {
    return first_at_least(curve({trial}, kTest, 100), race.target - kSlack)
        .value_or(static_cast<double>(race.plain.steps));
  };
  std::vector<double> ratios;
  for (std::size_t i = 0; i < plain.size(); ++i) ratios.push_back(steps(plain[i]) / steps(norm[i]));
  return spread_of(ratios);
}

Finding speed(const Evidence& evidence, const Race& race, double mark) {
  const Reached plain = reached(evidence, race.plain, race.target);
  const Reached norm = reached(evidence, race.norm, race.target);
  const double ratio = plain.steps / norm.steps;
  const double easier = reached(evidence, race.plain, race.target - kSlack).steps /
                        reached(evidence, race.norm, race.target - kSlack).steps;
  return {
      .claim = race.family.name + ": at least " + number(mark) + " times fewer steps",
      .brief = times(ratio) + " fewer steps, " + times(easier) + " to within 1 point",
      .measured = times(ratio) + " fewer steps to " + percent(race.target) + ": " +
                  text_of_steps(norm.steps) + " instead of " + text_of_steps(plain.steps) + "; " +
                  times(plain.seconds / norm.seconds) + " less time, " +
                  format("%.3f s instead of %.3f s", norm.seconds, plain.seconds),
      .setting = setting(evidence.scope(), race.plain) + "; " + chosen_rates(race.plain, race.norm),
      .holds = ratio >= mark,
      .promise = "Training is 2 to 5 times faster"};
}

Finding gain(const Evidence& evidence, const Race& race) {
  constexpr double kPromised = 7;
  const double without = evidence.accuracy(evidence.best(sweep(race.family, Placement::none)));
  const double with =
      evidence.accuracy(evidence.best(sweep(race.family, Placement::before_activation)));
  return {.claim = race.family.name + ": at least 7 points more at the end",
          .brief = points(with - without),
          .measured = points(with - without) + ": " + percent(without) + " to " + percent(with),
          .setting = "each at the learning rate that ends best on the validation images; " +
                     setting(evidence.scope(), race.plain),
          .holds = with - without >= kPromised,
          .promise = "Final accuracy rises, as from 85 to 92 %"};
}

Line target_line(const Race& race) {
  const double end = static_cast<double>(race.plain.steps);
  const Spread target{race.target, race.target, race.target};
  return {.name = "target, " + percent(race.target),
          .tone = Tone::reference,
          .points = {{0, target}, {end, target}},
          .dashed = true};
}

Chart chart(const Evidence& evidence, const Race& race) {
  return {.title = race.family.name,
          .x_label = "steps",
          .y_label = "test accuracy, %",
          .lines = {
              accuracy_over_steps(evidence, race.plain,
                                  "no BatchNorm, rate " + number(race.plain.learning_rate),
                                  Tone::plain),
              accuracy_over_steps(evidence, race.norm,
                                  "BatchNorm, rate " + number(race.norm.learning_rate), Tone::norm),
              target_line(race)}};
}

std::vector<std::string> row(const Evidence& evidence, const Race& race) {
  const Reached plain = reached(evidence, race.plain, race.target - kSlack);
  const Reached norm = reached(evidence, race.norm, race.target - kSlack);
  return {race.family.name,
          text_of(at_end(evidence.trials(race.plain), kTest, 100)),
          text_of(at_end(evidence.trials(race.norm), kTest, 100)),
          percent(race.target - kSlack),
          text_of_steps(plain.steps),
          text_of_steps(norm.steps),
          times(plain.steps / norm.steps),
          text_of(ratio_per_seed(evidence, race))};
}

Account account(const Evidence& evidence) {
  constexpr std::array<double, 3> kMarks{2, 3, 5};
  Account account{
      .claim =
          "With batch normalization a network needs fewer steps to the accuracy that the same "
          "network reaches without it, each at the learning rate that suits it.",
      .text =
          {"The target is the test accuracy that the plain network ends with, at the rate whose "
           "end is best on the validation images. Each arm then trains at the rate that, on "
           "the validation images, comes soonest within one point of it. Steps are counted "
           "where the mean over the seeds first reaches the target; the band shows the least "
           "and the most of the seeds.",
           "The gain depends on what the plain network starts from: it is small where the "
           "start fits the activation (ReLU from He's weights), and large where it does not "
           "(a sigmoid from small Gaussian weights, as in the paper's figure 1)."},
      .table = {.columns = {"network", "ends at, without, %", "ends at, with, %", "target",
                            "steps without", "steps with", "ratio", "ratio per seed"}},
      .limit =
          "Close to a network's own ceiling a tenth of a point moves the count by hundreds of "
          "steps: from other seeds or for longer training, the first ratio is another one. So "
          "the table has an easier target, one point lower, which nearly every seed reaches. A "
          "step with batch normalization also takes longer, which the seconds include."};
  std::size_t i = 0;
  for (const Family& family : families(evidence.scope())) {
    const Race race(evidence, family);
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
