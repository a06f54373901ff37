#include <algorithm>
#include <array>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"
#include "format.hpp"

namespace mlp {
namespace {

/// The networks that are compared.
struct Arm {
  const char* name;
  Placement placement;
  double dropout;
};
constexpr std::array<Arm, 3> kArms{{{"no BatchNorm", Placement::none, 0},
                                    {"BatchNorm", Placement::before_activation, 0},
                                    {"dropout 0.2, no BatchNorm", Placement::none, 0.2}}};

/// How many images the second half of the comparison trains on.
constexpr Index kFew = 100;

/// Long enough that all arms know the training images by heart; 0 stands for all images.
std::vector<Recipe> candidates(const Scope& scope, const Arm& arm, Index images) {
  const Recipe recipe{
      .hidden = {100, 100},
      .activation = Activation::relu,
      .batch = 32,
      .steps = images == 0 ? scope.steps(1000, 2000, 6000) : scope.choose<Index>(300, 600, 1000),
      .dropout = arm.dropout,
      .images = images,
      .seeds = scope.choose(5, 5, 10)};
  return sweep(recipe, arm.placement,
               scope.choose<std::vector<double>>({0.1}, {0.1, 0.3}, {0.03, 0.1, 0.3}));
}

std::vector<Recipe> recipes(const Scope& scope) {
  std::vector<Recipe> all;
  for (const Index images : {Index{0}, kFew}) {
    for (const Arm& arm : kArms) append(all, candidates(scope, arm, images));
  }
  return all;
}

Recipe best(const Evidence& evidence, const Arm& arm, Index images) {
  return evidence.best(candidates(evidence.scope(), arm, images));
}

std::vector<std::string> row(const Evidence& evidence, const Arm& arm, Index images) {
  const Recipe recipe = best(evidence, arm, images);
  const Trials trials = evidence.trials(recipe);
  return {number(static_cast<double>(images == 0 ? evidence.scope().train : images)),
          arm.name,
          rate_text(recipe.learning_rate, rates_of(candidates(evidence.scope(), arm, images))),
          text_of(at_end(trials, "train_accuracy", 100)),
          text_of(at_end(trials, kTest, 100)),
          text_of(at_end(trials, "test_loss"), 3)};
}

/// A figure of each arm at the end, as bars.
Chart chart(const Evidence& evidence, Index images, const char* figure, double factor,
            const char* title, const char* label) {
  constexpr std::array<Tone, 3> kTones{Tone::plain, Tone::norm, Tone::third};
  Chart chart{.title = title, .x_label = label, .bars = true};
  for (std::size_t i = 0; i < kArms.size(); ++i) {
    const Trials trials = evidence.trials(best(evidence, kArms[i], images));
    chart.lines.push_back({.name = kArms[i].name,
                           .tone = kTones[i],
                           .points = {{0, at_end(trials, figure, factor)}}});
  }
  return chart;
}

/// As the table shows it.
double test_loss(const Evidence& evidence, const Arm& arm, Index images) {
  return std::stod(
      format("%.3f", at_end(evidence.trials(best(evidence, arm, images)), "test_loss").mean));
}

double accuracy(const Evidence& evidence, const Arm& arm, Index images) {
  return end_of(evidence, best(evidence, arm, images));
}

/// How many points an arm ends above the plain one.
double gain(const Evidence& evidence, const Arm& arm, Index images) {
  return tenths(accuracy(evidence, arm, images) - accuracy(evidence, kArms[0], images));
}

double training_accuracy(const Evidence& evidence, const Arm& arm, Index images) {
  return tenths(at_end(evidence.trials(best(evidence, arm, images)), "train_accuracy", 100).mean);
}

std::string conditions(const Evidence& evidence, Index images) {
  const Recipe any = best(evidence, kArms[1], images);
  return setting(evidence.scope(), any) + "; " +
         choice(rates_of(candidates(evidence.scope(), kArms[1], images)));
}

std::vector<Finding> findings(const Evidence& evidence) {
  const auto& [plain, norm, dropout] = kArms;
  const double without = test_loss(evidence, plain, 0);
  const double with = test_loss(evidence, norm, 0);
  const double few = gain(evidence, norm, kFew);
  const char* const promise = "Batch normalization regularises";
  return {{.claim = "With all training images, the test loss is lower with BatchNorm",
           .brief = "Its test loss is " + lower(with, without),
           .measured = lower(with, without) + format(": %.3f instead of %.3f", with, without),
           .setting = conditions(evidence, 0),
           .holds = with < without,
           .promise = promise},
          {.claim = "With 100 training images, it ends more than 0.5 points higher with BatchNorm",
           .brief = "Of 100 images, it ends " + higher(few),
           .measured = higher(few) + ": " + percent(accuracy(evidence, norm, kFew)) +
                       " instead of " + percent(accuracy(evidence, plain, kFew)) +
                       "; with dropout " + percent(accuracy(evidence, dropout, kFew)),
           .setting = conditions(evidence, kFew),
           .holds = few > 0.5,
           .promise = promise}};
}

std::string claim(const Evidence& evidence) {
  const auto& [plain, norm, dropout] = kArms;
  const double without = test_loss(evidence, plain, 0);
  const double with = test_loss(evidence, norm, 0);
  return "With all training images, a network with batch normalization ends with a test loss of " +
         format("%.3f", with) + " instead of " + format("%.3f", without) + ", with " +
         percent(training_accuracy(evidence, norm, 0)) + " and " +
         percent(training_accuracy(evidence, plain, 0)) + " of the training images right" +
         (with < without
              ? ". The usual explanation of a lower loss is the noise of the batch statistics."
              : ".");
}

/// Only where all know their training images does the test alone tell them apart.
std::string text(const Evidence& evidence) {
  double least = 100;
  for (const Index images : {Index{0}, kFew}) {
    for (const Arm& arm : kArms) least = std::min(least, training_accuracy(evidence, arm, images));
  }
  return "Dropout, which was made to regularise, stands beside the two. " +
         (least >= 99.5
              ? "All networks get at least " + percent(least) +
                    " of their training images right, so that only the test tells them apart."
              : "Not all networks know their training images by heart (the lowest has " +
                    percent(least) + "), so that part of a difference may be how far they learnt.");
}

std::string limit(const Evidence& evidence) {
  const auto& [plain, norm, dropout] = kArms;
  const double few_norm = gain(evidence, norm, kFew);
  const double few_dropout = gain(evidence, dropout, kFew);
  std::string verdict = "as much as";
  if (few_norm < few_dropout) verdict = "less than";
  if (few_norm > few_dropout) verdict = "more than";
  return "The test accuracy changes with batch normalization by " +
         points(gain(evidence, norm, 0)) + " with all training images, and by " + points(few_norm) +
         " with 100 of them, where regularisation matters most: " + verdict + " with dropout, " +
         points(few_dropout) + ".";
}

Account account(const Evidence& evidence) {
  const char* const what = "at the end, mean and spread of the seeds";
  const std::string loss = std::string("test loss ") + what;
  const std::string right = std::string("test accuracy, %, ") + what;
  Account account{
      .claim = claim(evidence),
      .text = {text(evidence)},
      .charts = {chart(evidence, 0, "test_loss", 1, "All training images", loss.c_str()),
                 chart(evidence, kFew, kTest, 100, "100 training images", right.c_str())},
      .table = {.columns = {"images", "", "best rate", "training accuracy, %", "test accuracy, %",
                            "test loss"}},
      .findings = findings(evidence),
      .limit = limit(evidence)};
  for (const Index images : {Index{0}, kFew}) {
    for (const Arm& arm : kArms) account.table.rows.push_back(row(evidence, arm, images));
  }
  return account;
}

}  // namespace

Chapter regularisation() { return {"regularisation", "Regularisation", recipes, account}; }

}  // namespace mlp
