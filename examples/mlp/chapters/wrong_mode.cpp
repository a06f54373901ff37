#include <algorithm>
#include <cmath>
#include <iterator>

#include "chapters/chapters.hpp"
#include "chapters/telling.hpp"

namespace mlp {
namespace {

Recipe trained(const Scope& scope) {
  return {.hidden = {100, 100},
          .activation = Activation::relu,
          .placement = Placement::before_activation,
          .learning_rate = 0.1,
          .batch = 64,
          .steps = scope.steps(600, 600, 2000),
          .probe = Probe::batch_statistics};
}

std::vector<Recipe> recipes(const Scope& scope) { return {trained(scope)}; }

constexpr const char* kCode =
    R"(// Inference takes a network in mode Eval: running statistics, const, no dropout.
double predict(const Mlp<Eval>& network, const Image& image);

Mlp<Train> network(architecture, random);
train(network);
predict(network, image);             // does not compile: Mlp<Train> is no Mlp<Eval>
predict(Mlp<Eval>(network), image);  // compiles, and is right)";

/// What the table says of a number of images per batch.
struct Answers {
  double images, random, sorted;  ///< percent
};

std::vector<Answers> answers(const Trials& trials) {
  const auto random = curve(trials, "batch_accuracy", 100);
  const auto sorted = curve(trials, "sorted_accuracy", 100);
  std::vector<Answers> all;
  for (std::size_t i = 0; i < random.size(); ++i) {
    all.push_back({random[i].x, tenths(random[i].y.mean), tenths(sorted[i].y.mean)});
  }
  return all;
}

std::string limit(const Answers& largest, double right) {
  const double cost = tenths(right - largest.random);
  std::string text =
      "A batch of one is measured as a batch of the same image twice: the layer in mode Train "
      "refuses a single value per channel. With " +
      number(largest.images) + " images in random order, the wrong mode is " + higher(-cost) +
      (cost == 0 ? " as the right one." : " than the right one.");
  if (std::abs(cost) < 1) text += " A mistake that shows so little is easily deployed.";
  return text;
}

std::string claim(const std::vector<Answers>& all, double right) {
  return "A network that normalises test data with their own batch statistics answers for the "
         "batch, not for the image: of images on their own it gets " +
         percent(all.front().random) + " right, in mode Eval " + percent(right) +
         ". In this library that cannot happen by accident.";
}

/// So many test images are asked in mode Train, or all where there are fewer.
constexpr Index kAsked = 1000;

/// The largest batches that images sorted by class fill with one class, but for a few.
Answers of_one_class(const Scope& scope, const std::vector<Answers>& all) {
  const auto per_class = static_cast<double>(std::min(kAsked, scope.test) / scope.classes);
  const auto past = std::find_if(all.begin() + 1, all.end(),
                                 [&](const Answers& any) { return any.images > per_class; });
  return *std::prev(past);
}

std::vector<std::string> text(const Scope& scope, const Answers& one_class) {
  std::string asked =
      "The same trained networks, asked in two ways. In mode Eval they use the running statistics: "
      "an answer depends on its image alone. In mode Train, which is what a forgotten eval() does "
      "elsewhere, they use the statistics of the batch that an image happens to share. A batch of "
      "one becomes a constant, and a batch of one class has the statistics of that class: sorted "
      "by class, in batches of " +
      number(one_class.images) + ", " + percent(one_class.sorted) + " are right, in random order " +
      percent(one_class.random) + ".";
  if (scope.test > kAsked) asked += " Mode Train is asked for the first 1,000 test images.";
  return {asked,
          "Here the mode is a type. A function that answers takes a network in mode Eval, and to "
          "pass another one does not compile."};
}

Account account(const Evidence& evidence) {
  const Recipe recipe = trained(evidence.scope());
  const Trials trials = evidence.trials(recipe);
  const auto random = curve(trials, "batch_accuracy", 100);
  const auto sorted = curve(trials, "sorted_accuracy", 100);
  const auto all = answers(trials);
  const Spread right = at_end(trials, kTest, 100);
  const double guess = 2 * chance(evidence.scope());
  Line eval{.name = "mode Eval", .tone = Tone::reference, .dashed = true};
  Account account{.claim = claim(all, tenths(right.mean)),
                  .text = text(evidence.scope(), of_one_class(evidence.scope(), all)),
                  .table = {.columns = {"images per batch", "random order, %", "sorted by class, %",
                                        "mode Eval, %"}},
                  .limit = limit(all.back(), tenths(right.mean)),
                  .code = kCode};
  for (std::size_t i = 0; i < random.size(); ++i) {
    eval.points.push_back({random[i].x, right});
    account.table.rows.push_back(
        {number(random[i].x), text_of(random[i].y), text_of(sorted[i].y), text_of(right)});
  }
  account.charts.push_back(
      {.title = "Test images with the statistics of their batch",
       .x_label = "images per batch at inference",
       .y_label = "test accuracy, %",
       .lines = {{.name = "mode Train, random order", .tone = Tone::norm, .points = random},
                 {.name = "mode Train, sorted by class", .tone = Tone::third, .points = sorted},
                 eval},
       .log_x = true});
  account.findings.push_back(
      {.claim =
           "In the wrong mode, fewer than " + percent(guess) + " of images on their own are right",
       .measured = percent(all.front().random) + " instead of " + percent(right.mean),
       .setting = setting(evidence.scope(), recipe) + "; learning rate 0.1",
       .holds = all.front().random < guess});
  return account;
}

}  // namespace

Chapter wrong_mode() { return {"mode", "The wrong mode", recipes, account}; }

}  // namespace mlp
