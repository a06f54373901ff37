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

/// Fewer steps: one of 50 layers takes as long as three of 20.
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

std::string gradient_text(const Evidence& evidence, const Recipe& recipe, std::size_t layer) {
  return norm_text(gradients(evidence, recipe).points[layer].y.mean);
}

std::string growth_text(const Evidence& evidence, const Recipe& recipe) {
  return format("%.2f", growth_per_layer(evidence, recipe));
}

std::vector<std::string> row(const Evidence& evidence, const Recipe& recipe, const char* name) {
  return {name,
          arm_name(recipe.placement),
          gradient_text(evidence, recipe, 0),
          gradient_text(evidence, recipe, recipe.hidden.size() - 1),
          growth_text(evidence, recipe),
          text_of(at_end(evidence.trials(recipe), kTest, 100))};
}

Chart chart(const Evidence& evidence, const char* title, const Recipe& plain, const Recipe& norm) {
  return {.title = title,
          .x_label = "layer",
          .y_label = "gradient norm at the start",
          .lines = {gradients(evidence, plain), gradients(evidence, norm)},
          .log_y = true};
}

/// By so much per layer, 50 layers are a factor of 100 and more.
constexpr double kExplodes = 1.1;

bool explodes(const Evidence& evidence, const Recipe& recipe) {
  return growth_per_layer(evidence, recipe) > kExplodes;
}

std::vector<Finding> findings(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const Recipe sigmoid = deep_sigmoid(scope, Placement::before_activation);
  const Recipe relu = very_deep(scope, Placement::before_activation);
  const double with = end_of(evidence, sigmoid);
  const double without = end_of(evidence, deep_sigmoid(scope, Placement::none));
  const double relu_accuracy = end_of(evidence, relu);
  const double guess = 1.5 * chance(scope);
  return {{.claim = "20 sigmoid layers: at least 95 % with BatchNorm, below " + percent(guess) +
                    " without",
           .brief = "Ends at " + percent(with) + " instead of " + percent(without),
           .measured = percent(with) + " with, " + percent(without) + " without",
           .setting = setting(scope, sigmoid) + "; learning rate 0.1 for both",
           .holds = with >= 95 && without < guess,
           .promise = "Deep networks train: gradients do not vanish"},
          {.claim = "The limit, 50 ReLU layers: with BatchNorm, the gradient grows by more than "
                    "1.1 per layer and the network ends below 50 %",
           .measured = "by " + growth_text(evidence, relu) + " per layer; it ends at " +
                       percent(relu_accuracy),
           .setting = setting(scope, relu) + "; learning rate 0.1",
           .holds = explodes(evidence, relu) && relu_accuracy < 50}};
}

std::string growths(const Evidence& evidence, const Recipe& plain, const Recipe& norm) {
  return "by a factor of " + growth_text(evidence, plain) + " without batch normalization and of " +
         growth_text(evidence, norm) + " with it";
}

std::string claim(const Evidence& evidence) {
  const Recipe plain = deep_sigmoid(evidence.scope(), Placement::none);
  const Recipe norm = deep_sigmoid(evidence.scope(), Placement::before_activation);
  return "A network of 20 sigmoid layers ends at " + percent(end_of(evidence, norm)) +
         " with batch normalization and at " + percent(end_of(evidence, plain)) +
         " without. With each layer on its way to the first, its gradient changes " +
         growths(evidence, plain, norm) + ".";
}

std::string limit(const Evidence& evidence) {
  const Recipe plain = very_deep(evidence.scope(), Placement::none);
  const Recipe norm = very_deep(evidence.scope(), Placement::before_activation);
  const std::string theory =
      " In theory, in wide ReLU networks, batch normalization makes it grow by the square root of "
      "pi / (pi - 1) = 1.21 per layer (Yang et al. 2019). Residual connections help against that.";
  return "In the deep ReLU network, from He's weights, the gradient changes per layer towards the "
         "pixels " +
         growths(evidence, plain, norm) +
         (explodes(evidence, norm) ? ", with which it explodes."
                                   : ", with which it does not explode.") +
         theory;
}

Account account(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const Recipe sigmoid = deep_sigmoid(scope, Placement::none);
  const Recipe sigmoid_norm = deep_sigmoid(scope, Placement::before_activation);
  const Recipe relu = very_deep(scope, Placement::none);
  const Recipe relu_norm = very_deep(scope, Placement::before_activation);
  return {.claim = claim(evidence),
          .text = {"Each point is the norm of the gradient of the loss of the first batch with "
                   "respect to the weights of a layer, before the first step. Layer 1 is next to "
                   "the pixels. The growth per layer is that from the last hidden layer to the "
                   "first: below 1 the gradient shrinks on its way to the pixels."},
          .charts = {chart(evidence, "Sigmoid, 20 hidden layers", sigmoid, sigmoid_norm),
                     chart(evidence, "ReLU, 50 hidden layers", relu, relu_norm)},
          .table = {.columns = {"network", "", "gradient, first layer", "last hidden layer",
                                "growth per layer", "test accuracy, %"},
                    .rows = {row(evidence, sigmoid, "20 sigmoid layers"),
                             row(evidence, sigmoid_norm, "20 sigmoid layers"),
                             row(evidence, relu, "50 ReLU layers"),
                             row(evidence, relu_norm, "50 ReLU layers")}},
          .findings = findings(evidence),
          .limit = limit(evidence)};
}

}  // namespace

Chapter depth() { return {"depth", "Depth", recipes, account}; }

}  // namespace mlp
