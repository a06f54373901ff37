#include "chapters/chapters.hpp"
#include "chapters/telling.hpp"

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
  Chart chart{
      .title = title, .x_label = "steps", .y_label = "input of a hidden unit", .same_y = true};
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

std::vector<std::string> row(const Evidence& evidence, const char* name, const char* figure,
                             double factor = 1) {
  return {name, text_of(summary(evidence, Placement::none, figure, factor)),
          text_of(summary(evidence, Placement::before_activation, figure, factor))};
}

Account account(const Evidence& evidence) {
  const double without = summary(evidence, Placement::none, "median_range").mean;
  const double with = summary(evidence, Placement::before_activation, "median_range").mean;
  const double width_without = summary(evidence, Placement::none, "width_ratio").mean;
  const double width_with = summary(evidence, Placement::before_activation, "width_ratio").mean;
  const std::string conditions =
      setting(evidence.scope(), watched(evidence.scope(), Placement::none)) +
      "; Gaussian weights with deviation 0.01, learning rate 1 for both";
  return {
      .claim =
          "With batch normalization the distribution of a hidden unit's inputs moves much less "
          "while the network learns.",
      .text =
          {"This is figure 1 of Ioffe and Szegedy (2015): the 15th, 50th and 85th percentile of "
           "the input of a unit of the last hidden layer, over 500 fixed test images, while "
           "the network trains. The charts show the first unit of the first seed; the table "
           "has means over all units.",
           "The paper calls the drift of these distributions internal covariate shift, and "
           "explains the faster training by its absence. That the drift is large without "
           "batch normalization, and small with it, is what you see here. That this is why "
           "training is faster is disputed: Santurkar et al. (2018) add noise behind batch "
           "normalization, so that the distributions drift again, and training stays fast; "
           "they find a smoother loss instead."},
      .charts = {chart(evidence, Placement::none, "No BatchNorm"),
                 chart(evidence, Placement::before_activation, "BatchNorm")},
      .table = {.columns = {"mean over the units", "without", "with"},
                .rows = {row(evidence, "range of the median over training", "median_range"),
                         row(evidence, "largest over smallest width (85th less 15th)",
                             "width_ratio"),
                         row(evidence, "inputs beyond 4 in size at the end, %", "saturated", 100),
                         row(evidence, "test accuracy at the end, %", kTest, 100)}},
      .findings = {{.claim = "The median of a unit's inputs moves less with BatchNorm",
                    .measured = times(without / with) + " less: by " + number(with) +
                                " instead of " + number(without),
                    .setting = conditions,
                    .holds = with < without},
                   {.claim = "Their width varies less with BatchNorm",
                    .measured = "by a factor of " + number(width_with) + " instead of " +
                                number(width_without),
                    .setting = conditions,
                    .holds = width_with < width_without}},
      .limit =
          "From weights that fit the activation a plain network drifts much less, and gains "
          "less: the strength of this picture is that of a bad start."};
}

}  // namespace

Chapter distributions() { return {"distributions", "Distributions", recipes, account}; }

}  // namespace mlp
