#include <algorithm>

#include "chapters/chapters.hpp"
#include "chapters/telling.hpp"
#include "format.hpp"

namespace mlp {
namespace {

Recipe watched(const Scope& scope, Placement placement) {
  return {.placement = placement,
          .learning_rate = 1,
          .steps = scope.steps(1000, 2000, 10000),
          .deviation = 0.01,
          .interval = scope.steps(50, 50, 100),
          .probe = Probe::distributions};
}

std::vector<Recipe> recipes(const Scope& scope) {
  return {watched(scope, Placement::none), watched(scope, Placement::before_activation)};
}

/// Of the first seed's first unit.
Chart chart(const Evidence& evidence, Placement placement, const char* title) {
  const Trials first_seed{evidence.trials(watched(evidence.scope(), placement)).front()};
  Chart chart{.title = title, .x_label = "steps", .y_label = "input of a hidden unit"};
  for (const auto& [figure, name] :
       {std::pair{"p85", "85th percentile"}, std::pair{"p50", "median"},
        std::pair{"p15", "15th percentile"}}) {
    chart.lines.push_back({.name = name,
                           .tone = tone_of(placement),
                           .points = curve(first_seed, figure),
                           .dashed = std::string(figure) != "p50"});
  }
  return chart;
}

Spread summary(const Evidence& evidence, Placement placement, const char* figure,
               double factor = 1) {
  return at_end(evidence.trials(watched(evidence.scope(), placement)), figure, factor);
}

/// A figure of both arms, as means over units and seeds.
struct Pair {
  Spread without, with;
  int digits;

  std::string text(const Spread& any) const { return format("%.*f", digits, any.mean); }
  std::string with_instead_of_without() const {
    return text(with) + " instead of " + text(without);
  }
  bool less() const { return std::stod(text(with)) < std::stod(text(without)); }
  bool more() const { return std::stod(text(with)) > std::stod(text(without)); }
};

Pair pair(const Evidence& evidence, const char* figure, int digits = 2, double factor = 1) {
  return {summary(evidence, Placement::none, figure, factor),
          summary(evidence, Placement::before_activation, figure, factor), digits};
}

std::vector<std::string> row(const char* name, const Pair& pair) {
  return {name, text_of(pair.without, pair.digits), text_of(pair.with, pair.digits)};
}

/// Of two amounts: "less", "more" or "as much".
std::string amount(const Pair& pair) {
  if (pair.less()) return "less";
  return pair.more() ? "more" : "as much";
}

Account account(const Evidence& evidence) {
  const Pair range = pair(evidence, "median_range");
  const Pair width = pair(evidence, "width_ratio", 1);
  const std::string conditions =
      setting(evidence.scope(), watched(evidence.scope(), Placement::none)) +
      "; Gaussian weights with deviation 0.01, learning rate 1 for both";
  const std::string images =
      number(static_cast<double>(std::min<Index>(500, evidence.scope().test)));
  return {
      .claim = "With batch normalization the distribution of a hidden unit's inputs moves " +
               amount(range) + " while the network learns: its median by " +
               range.with_instead_of_without() + ".",
      .text =
          {"This is figure 1 of Ioffe and Szegedy (2015): the 15th, 50th and 85th percentile of "
           "the input of a unit of the last hidden layer, over " +
               images +
               " fixed test images, while the network trains. The charts show the first unit of "
               "the first seed; the table has means over all units and seeds.",
           "The paper calls the drift of these distributions internal covariate shift, and "
           "explains faster training by its absence. That explanation is disputed: Santurkar et "
           "al. (2018) add noise behind batch normalization, so that the distributions drift "
           "again, and training stays fast; they find a smoother loss instead. The drift is "
           "measured here; its part in the training is not."},
      .charts = {chart(evidence, Placement::none, "No BatchNorm"),
                 chart(evidence, Placement::before_activation, "BatchNorm")},
      .table = {.columns = {"mean over the units", "without", "with"},
                .rows = {row("range of the median over training", range),
                         row("largest over smallest width (85th less 15th)", width),
                         row("inputs beyond 4 in size at the end, %",
                             pair(evidence, "saturated", 1, 100)),
                         row("test accuracy at the end, %", pair(evidence, kTest, 1, 100))}},
      .findings = {{.claim = "The median of a unit's inputs moves less with BatchNorm",
                    .measured = amount(range) + ": by " + range.with_instead_of_without(),
                    .setting = conditions,
                    .holds = range.less()},
                   {.claim = "Their width varies less with BatchNorm",
                    .measured =
                        amount(width) + ": by a factor of " + width.with_instead_of_without(),
                    .setting = conditions,
                    .holds = width.less()}},
      .limit =
          "Both networks start from small Gaussian weights, as in the paper, which do not fit the "
          "sigmoid. How much a network drifts from another start is not measured here."};
}

}  // namespace

Chapter distributions() { return {"distributions", "Distributions", recipes, account}; }

}  // namespace mlp
