#include <cmath>

#include "chapters/chapters.hpp"
#include "chapters/telling.hpp"
#include "format.hpp"

namespace mlp {
namespace {

Recipe deep(const Scope& scope, std::size_t layers, Activation activation, Placement placement) {
  return {.hidden = std::vector<Index>(layers, 64),
          .activation = activation,
          .placement = placement,
          .learning_rate = 0.1,
          .batch = 64,
          .steps = scope.steps(300, 400, 1000),
          .probe = Probe::gradients};
}

/// Few steps show already that it does not train.
Recipe very_deep(const Scope& scope, Placement placement) {
  Recipe recipe = deep(scope, 50, Activation::relu, placement);
  recipe.steps = scope.steps(60, 250, 1000);
  return recipe;
}

Recipe deep_sigmoid(const Scope& scope, Placement placement) {
  return deep(scope, 20, Activation::sigmoid, placement);
}

std::vector<Recipe> recipes(const Scope& scope) {
  return {deep_sigmoid(scope, Placement::none), deep_sigmoid(scope, Placement::before_activation),
          very_deep(scope, Placement::none), very_deep(scope, Placement::before_activation)};
}

Line gradients(const Evidence& evidence, const Recipe& recipe) {
  return {.name = recipe.placement == Placement::none ? "no BatchNorm" : "BatchNorm",
          .tone = tone_of(recipe.placement),
          .points = curve(evidence.trials(recipe), "gradient_norm")};
}

/// How much the gradient grows from the last hidden layer to the first, per layer in between.
double growth_per_layer(const Evidence& evidence, const Recipe& recipe) {
  const Line line = gradients(evidence, recipe);
  const double first = line.points.front().y.mean;
  const double last = line.points[recipe.hidden.size() - 1].y.mean;
  return std::pow(first / last, 1 / static_cast<double>(recipe.hidden.size() - 1));
}

/// "0.76", "1.1e+04"
std::string norm_text(double norm) {
  return norm >= 0.01 && norm < 1000 ? format("%.2g", norm) : format("%.1e", norm);
}

std::vector<std::string> row(const Evidence& evidence, const Recipe& recipe, const char* name) {
  const Line line = gradients(evidence, recipe);
  return {name,
          arm_name(recipe.placement),
          norm_text(line.points.front().y.mean),
          norm_text(line.points[recipe.hidden.size() - 1].y.mean),
          format("%.2f", growth_per_layer(evidence, recipe)),
          text_of(at_end(evidence.trials(recipe), kTest, 100))};
}

Chart chart(const Evidence& evidence, const char* title, const Recipe& plain, const Recipe& norm) {
  return {.title = title,
          .x_label = "layer",
          .y_label = "gradient norm at the start",
          .lines = {gradients(evidence, plain), gradients(evidence, norm)},
          .log_y = true};
}

std::vector<Finding> findings(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const Recipe sigmoid = deep_sigmoid(scope, Placement::before_activation);
  const Recipe relu = very_deep(scope, Placement::before_activation);
  const double with = evidence.accuracy(sigmoid);
  const double without = evidence.accuracy(deep_sigmoid(scope, Placement::none));
  const double growth = growth_per_layer(evidence, relu);
  const double relu_accuracy = evidence.accuracy(relu);
  return {{.claim = "20 sigmoid layers: at least 95 % with BatchNorm, chance without",
           .measured = percent(with) + " with, " + percent(without) + " without",
           .setting = setting(scope, sigmoid) + "; learning rate 0.1 for both",
           .holds = with >= 95 && without < 15,
           .promise = "Deep networks train: gradients do not vanish"},
          {.claim = "The limit, 50 ReLU layers: gradients explode with BatchNorm, too",
           .measured = "a factor of " + format("%.2f", growth) + " per layer; it ends at " +
                       percent(relu_accuracy),
           .setting = setting(scope, relu) + "; learning rate 0.1",
           .holds = growth > 1.1 && relu_accuracy < 50}};
}

Account account(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const Recipe sigmoid = deep_sigmoid(scope, Placement::none);
  const Recipe sigmoid_norm = deep_sigmoid(scope, Placement::before_activation);
  const Recipe relu = very_deep(scope, Placement::none);
  const Recipe relu_norm = very_deep(scope, Placement::before_activation);
  return {
      .claim =
          "With batch normalization a deep sigmoid network trains, because its gradients do "
          "not vanish on their way to the first layer.",
      .text = {"Each point is the norm of the gradient of the loss of the first batch with respect "
               "to the weights of a layer, before the first step. Layer 1 is next to the pixels. "
               "Through each plain sigmoid layer the gradient shrinks to a quarter or less; behind "
               "a batch normalization it keeps its size."},
      .charts = {chart(evidence, "Sigmoid, 20 hidden layers", sigmoid, sigmoid_norm),
                 chart(evidence, "ReLU, 50 hidden layers", relu, relu_norm)},
      .table = {.columns = {"network", "", "gradient, first layer", "last hidden layer",
                            "growth per layer", "test accuracy, %"},
                .rows = {row(evidence, sigmoid, "20 sigmoid layers"),
                         row(evidence, sigmoid_norm, "20 sigmoid layers"),
                         row(evidence, relu, "50 ReLU layers"),
                         row(evidence, relu_norm, "50 ReLU layers")}},
      .findings = findings(evidence),
      .limit =
          "In a deep ReLU network with He's weights the plain gradient keeps its size, and it "
          "is batch normalization that makes it explode, by the square root of pi / (pi - 1) "
          "= 1.21 per layer towards the pixels (Yang et al. 2019). Such a network needs "
          "residual connections, with batch normalization or without."};
}

}  // namespace

Chapter depth() { return {"depth", "Depth", recipes, account}; }

}  // namespace mlp
