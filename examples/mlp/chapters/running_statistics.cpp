#include <array>
#include <cmath>

#include "chapters/chapters.hpp"
#include "chapters/telling.hpp"
#include "format.hpp"

namespace mlp {
namespace {

constexpr std::array<double, 3> kDecays{0.9, 0.99, 0.999};
constexpr std::array<Tone, 3> kTones{Tone::norm, Tone::third, Tone::fourth};

Recipe trained(const Scope& scope, double decay) {
  return {.hidden = {100, 100},
          .activation = Activation::relu,
          .placement = Placement::before_activation,
          .learning_rate = 0.1,
          .batch = 64,
          .steps = scope.steps(500, 1000, 2000),
          .decay = decay,
          .probe = Probe::both_modes};
}

std::vector<Recipe> recipes(const Scope& scope) {
  std::vector<Recipe> all;
  for (const double decay : kDecays) all.push_back(trained(scope, decay));
  return all;
}

/// After so many batches, what is left of the statistics that a layer begins with is `share`.
double batches_until(double decay, double share) { return std::log(share) / std::log(decay); }

/// The first step from which on mode Eval is within a point of the batch statistics.
double converged(const Evidence& evidence, const Recipe& recipe) {
  const Trials trials = evidence.trials(recipe);
  const auto eval = curve(trials, "eval_accuracy", 100);
  const auto batch = curve(trials, "batch_accuracy", 100);
  std::size_t first = eval.size();
  while (first > 0 && batch[first - 1].y.mean - eval[first - 1].y.mean <= 1) --first;
  return first < eval.size() ? eval[first].x : INFINITY;
}

std::vector<std::string> row(const Evidence& evidence, double decay) {
  const Recipe recipe = trained(evidence.scope(), decay);
  const double steps = converged(evidence, recipe);
  return {"decay(" + number(decay) + ")",
          std::isfinite(steps) ? number(steps)
                               : "not within " + number(static_cast<double>(recipe.steps)),
          number(std::ceil(batches_until(decay, 0.01))),
          text_of(at_end(evidence.trials(recipe), kTest, 100))};
}

constexpr const char* kCode =
    R"(// How much of the running statistics is still what a new layer begins with (mean 0, variance 1):
double left = std::pow(0.99, static_cast<double>(norm.batches()));  // momentum decay(0.99)
// Below 0.01 they are those of the data. batchnorm::cumulative() weighs all batches alike instead,
// and leaves nothing of the start after the first one.)";

Account account(const Evidence& evidence) {
  Account account{
      .claim =
          "The running statistics need as many steps to converge as their momentum says; until "
          "then a network that is good in training is bad in mode Eval.",
      .text = {"The same weights, asked in two ways at once: in mode Eval, with the running "
               "statistics, and with the statistics of batches of 250 test images. The gap is what "
               "the running statistics lack. With decay(0.99) a batch weighs 1 %, and after n "
               "batches 0.99^n of the statistics is still what a new layer begins with.",
               "The layer tells: batches() counts what it has seen, and rejected() what it left "
               "out because it was not finite."},
      .table = {.columns = {"momentum", "gap below 1 point from step",
                            "1 % of the start left after", "test accuracy at the end, %"}},
      .limit =
          "A layer whose momentum is 0.999 needs thousands of steps. Where training is "
          "shorter, or the weights move quickly, take decay(0.9) or cumulative().",
      .code = kCode};
  Chart chart{.title = "Test accuracy over the first steps",
              .x_label = "steps",
              .y_label = "test accuracy, %",
              .log_x = true};
  chart.lines.push_back(
      {.name = "batch statistics",
       .tone = Tone::reference,
       .points = curve(evidence.trials(trained(evidence.scope(), 0.9)), "batch_accuracy", 100),
       .dashed = true});
  for (std::size_t i = 0; i < kDecays.size(); ++i) {
    const Recipe recipe = trained(evidence.scope(), kDecays[i]);
    chart.lines.push_back({.name = "mode Eval, decay(" + number(kDecays[i]) + ")",
                           .tone = kTones[i],
                           .points = curve(evidence.trials(recipe), "eval_accuracy", 100)});
    account.table.rows.push_back(row(evidence, kDecays[i]));
  }
  account.charts.push_back(std::move(chart));
  const Trials slow = evidence.trials(trained(evidence.scope(), 0.999));
  const double eval = mean_at(slow, "eval_accuracy", 100);
  const double batch = mean_at(slow, "batch_accuracy", 100);
  const double quick = converged(evidence, trained(evidence.scope(), 0.9));
  account.findings = {
      {.claim = "With decay(0.9) the running statistics are good within 100 steps",
       .measured = std::isfinite(quick)
                       ? "the gap is below 1 point from step " + number(quick) + " on"
                       : std::string("the gap does not stay below 1 point"),
       .setting = setting(evidence.scope(), trained(evidence.scope(), 0.9)) + "; learning rate 0.1",
       .holds = quick <= 100},
      {.claim = "With decay(0.999) they are not, and mode Eval is worse by more than 5 points",
       .measured = percent(eval) + " instead of " + percent(batch) + " at step 100",
       .setting =
           setting(evidence.scope(), trained(evidence.scope(), 0.999)) + "; learning rate 0.1",
       .holds = batch - eval > 5}};
  return account;
}

}  // namespace

Chapter running_statistics() { return {"statistics", "Running statistics", recipes, account}; }

}  // namespace mlp
