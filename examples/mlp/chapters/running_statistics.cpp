#include <algorithm>
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

/// "from step 20 on", "not within 500 steps"
std::string convergence(const Evidence& evidence, double decay) {
  const Recipe recipe = trained(evidence.scope(), decay);
  const double step = converged(evidence, recipe);
  return std::isfinite(step) ? "from step " + number(step) + " on"
                             : "not within " + number(static_cast<double>(recipe.steps)) + " steps";
}

std::string name_of(double decay) { return "decay(" + number(decay) + ")"; }

/// Where the two modes are compared.
constexpr double kStep = 100;

double mean_then(const Evidence& evidence, double decay, const char* figure) {
  return mean_at(evidence.trials(trained(evidence.scope(), decay)), figure, kStep);
}

double eval_then(const Evidence& evidence, double decay) {
  return mean_then(evidence, decay, "eval_accuracy");
}

double batch_then(const Evidence& evidence, double decay) {
  return mean_then(evidence, decay, "batch_accuracy");
}

std::vector<std::string> row(const Evidence& evidence, double decay) {
  const Recipe recipe = trained(evidence.scope(), decay);
  return {name_of(decay),
          convergence(evidence, decay),
          number(std::ceil(batches_until(decay, 0.01))),
          format("%.1f", mean_then(evidence, decay, "start_left")),
          format("%.1f", mean_then(evidence, decay, "unfit_channels")),
          format("%.1f", eval_then(evidence, decay)),
          format("%.1f", batch_then(evidence, decay)),
          text_of(at_end(evidence.trials(recipe), kTest, 100))};
}

constexpr const char* kCode =
    R"(#include <batchnorm/diagnose.hpp>
// How much of the start is left, which channels are dead or were left out, and, beside what enters
// the layer, which means and variances do not fit:
std::cout << batchnorm::diagnose(norm, norm.moments(x));
// batchnorm::cumulative() weighs all batches alike, and leaves nothing of the start after the first.)";

std::string claim(const Evidence& evidence) {
  std::vector<std::string> parts;
  for (const double decay : kDecays) {
    parts.push_back(convergence(evidence, decay) + " with " + name_of(decay));
  }
  return "The running statistics follow the data at the pace of their momentum. Mode Eval is "
         "within "
         "1 point of the batch statistics " +
         joined(parts) + ".";
}

Chart chart(const Evidence& evidence) {
  Chart chart{.title = "Test accuracy over the first steps",
              .x_label = "steps",
              .y_label = "test accuracy, %",
              .log_x = true};
  const auto points = [&](double decay, const char* figure) {
    return curve(evidence.trials(trained(evidence.scope(), decay)), figure, 100);
  };
  chart.lines.push_back({.name = "batch statistics",
                         .tone = Tone::reference,
                         .points = points(kDecays.front(), "batch_accuracy"),
                         .dashed = true});
  for (std::size_t i = 0; i < kDecays.size(); ++i) {
    chart.lines.push_back({.name = "mode Eval, " + name_of(kDecays[i]),
                           .tone = kTones[i],
                           .points = points(kDecays[i], "eval_accuracy")});
  }
  return chart;
}

std::vector<Finding> findings(const Evidence& evidence) {
  constexpr double kQuick = kDecays.front();
  constexpr double kSlow = kDecays.back();
  const double eval = eval_then(evidence, kSlow);
  const double batch = batch_then(evidence, kSlow);
  const auto conditions = [&](double decay) {
    return setting(evidence.scope(), trained(evidence.scope(), decay)) + "; learning rate 0.1";
  };
  return {{.claim = "With decay(0.9) mode Eval is within 1 point from step 100 on, or sooner",
           .measured = convergence(evidence, kQuick),
           .setting = conditions(kQuick),
           .holds = converged(evidence, trained(evidence.scope(), kQuick)) <= kStep},
          {.claim = "With decay(0.999) mode Eval is worse by more than 5 points at step 100",
           .measured = percent(eval) + " instead of " + percent(batch),
           .setting = conditions(kSlow),
           .holds = tenths(batch - eval) > 5}};
}

Account account(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const std::string batch = number(static_cast<double>(std::min<Index>(250, scope.test)));
  Account account{
      .claim = claim(evidence),
      .text = {"The same weights, asked in two ways at once: in mode Eval, with the running "
               "statistics, and with the statistics of batches of " +
                   batch +
                   " test images. The gap is what the running statistics lack; it is measured at "
                   "the steps that the chart has points at. With decay(0.99) a batch weighs 1 %, "
                   "and after n batches 0.99^n of the statistics is still what a new layer begins "
                   "with.",
               "diagnose tells of every channel how much of the start is left and, beside data, "
               "whether its statistics fit these: a mean within half a deviation, a variance "
               "within a factor of 2. --diagnose shows it of the networks of the comparison."},
      .charts = {chart(evidence)},
      .table = {.columns = {"momentum", "gap at most 1 point", "1 % of the start left after, steps",
                            "start left at step 100, %", "channels that do not fit at step 100, %",
                            "mode Eval at step 100, %", "batch statistics at step 100, %",
                            "test accuracy at the end, %"}},
      .findings = findings(evidence),
      .limit = "With decay(0.999), what a new layer begins with weighs 1 % only after " +
               number(std::ceil(batches_until(0.999, 0.01))) +
               " steps. Where training is shorter, or the weights move quickly, take decay(0.9) or "
               "cumulative().",
      .code = kCode};
  for (const double decay : kDecays) account.table.rows.push_back(row(evidence, decay));
  return account;
}

}  // namespace

Chapter running_statistics() { return {"statistics", "Running statistics", recipes, account}; }

}  // namespace mlp
