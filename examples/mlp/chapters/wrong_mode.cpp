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

Account account(const Evidence& evidence) {
  const Recipe recipe = trained(evidence.scope());
  const Trials trials = evidence.trials(recipe);
  const auto random = curve(trials, "batch_accuracy", 100);
  const auto sorted = curve(trials, "sorted_accuracy", 100);
  const Spread right = at_end(trials, kTest, 100);
  Line eval{.name = "mode Eval", .tone = Tone::reference, .dashed = true};
  Account account{
      .claim =
          "A network that normalises test data with their own batch statistics answers for the "
          "batch, not for the image. In this library that cannot happen by accident.",
      .text = {"The same trained networks, asked in two ways. In mode Eval they use the running "
               "statistics: an answer depends on its image alone. In mode Train, which is what a "
               "forgotten eval() does elsewhere, they use the statistics of the batch that an "
               "image happens to share; a batch of one becomes a constant, and images sorted by "
               "class lose what sets their class apart.",
               "Here the mode is a type. A function that answers takes a network in mode Eval, "
               "and to pass another one does not compile."},
      .table = {.columns = {"images per batch", "random order, %", "sorted by class, %",
                            "mode Eval, %"}},
      .limit =
          "A batch of one is measured as a batch of the same image twice: the layer in mode "
          "Train refuses a single value per channel. With large batches in random order the "
          "mistake costs little, and so stays unnoticed until it is deployed.",
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
  const double single = random.front().y.mean;
  account.findings.push_back({.claim = "In the wrong mode, an image on its own is guessed",
                              .measured = percent(single) + " instead of " + percent(right.mean),
                              .setting = setting(evidence.scope(), recipe) + "; learning rate 0.1",
                              .holds = single < 20});
  return account;
}

}  // namespace

Chapter wrong_mode() { return {"mode", "The wrong mode", recipes, account}; }

}  // namespace mlp
