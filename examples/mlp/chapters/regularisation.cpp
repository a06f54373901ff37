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
          number(recipe.learning_rate),
          text_of(at_end(trials, "train_accuracy", 100)),
          text_of(at_end(trials, kTest, 100)),
          text_of(at_end(trials, "test_loss"), 3)};
}

/// Test losses as bars would show them: one point for each number of images.
Chart chart(const Evidence& evidence, Index images, const std::string& title) {
  Chart chart{.title = title,
              .x_label = "test loss at the end, mean and spread of the seeds",
              .bars = true};
  for (std::size_t i = 0; i < kArms.size(); ++i) {
    const Trials trials = evidence.trials(best(evidence, kArms[i], images));
    constexpr std::array<Tone, 3> kTones{Tone::plain, Tone::norm, Tone::third};
    chart.lines.push_back(
        {.name = kArms[i].name, .tone = kTones[i], .points = {{0, at_end(trials, "test_loss")}}});
  }
  return chart;
}

double test_loss(const Evidence& evidence, const Arm& arm, Index images) {
  return at_end(evidence.trials(best(evidence, arm, images)), "test_loss").mean;
}

std::vector<Finding> findings(const Evidence& evidence) {
  const auto& [plain, norm, dropout] = kArms;
  const Scope& scope = evidence.scope();
  const double without = test_loss(evidence, plain, 0);
  const double with = test_loss(evidence, norm, 0);
  const double few_without = evidence.accuracy(best(evidence, plain, kFew));
  const double few_with = evidence.accuracy(best(evidence, norm, kFew));
  const double few_dropout = evidence.accuracy(best(evidence, dropout, kFew));
  const std::string conditions =
      setting(scope, best(evidence, norm, 0)) +
      "; each at the learning rate that is best on the validation images";
  return {{.claim = "With all training images, the test loss is lower with BatchNorm",
           .brief = format("%.0f %% lower test loss", 100 * (1 - with / without)),
           .measured = format("%.0f %% lower: %.3f instead of %.3f", 100 * (1 - with / without),
                              with, without),
           .setting = conditions,
           .holds = with < without,
           .promise = "Batch normalization regularises"},
          {.claim = "With 100 training images, the test accuracy is higher with BatchNorm",
           .brief = points(few_with - few_without),
           .measured = points(few_with - few_without) + ": " + percent(few_with) + " instead of " +
                       percent(few_without) + "; dropout has " + percent(few_dropout),
           .setting = setting(scope, best(evidence, norm, kFew)) + "; 100 training images",
           .holds = few_with - few_without > 0.5,
           .promise = "Batch normalization regularises"}};
}

Account account(const Evidence& evidence) {
  Account account{
      .claim =
          "At equal training accuracy, a network with batch normalization has a lower test "
          "loss: the noise of the batch statistics regularises a little.",
      .text = {"All networks train until they know their training images by heart, so that only "
               "the test tells them apart. Dropout, which was made to regularise, stands beside "
               "it."},
      .charts = {chart(evidence, 0, "All training images"),
                 chart(evidence, kFew, "100 training images")},
      .table = {.columns = {"images", "", "best rate", "training accuracy, %", "test accuracy, %",
                            "test loss"}},
      .findings = findings(evidence),
      .limit =
          "The test accuracy hardly moves. With few images, where regularisation matters most, "
          "batch normalization is no substitute for it."};
  for (const Index images : {Index{0}, kFew}) {
    for (const Arm& arm : kArms) account.table.rows.push_back(row(evidence, arm, images));
  }
  return account;
}

}  // namespace

Chapter regularisation() { return {"regularisation", "Regularisation", recipes, account}; }

}  // namespace mlp
