#include "chapters/families.hpp"

namespace mlp {

Family relu_family(const Scope& scope) {
  return {.name = "ReLU, 5 hidden layers",
          .recipe = {.hidden = {64, 64, 64, 64, 64},
                     .activation = Activation::relu,
                     .batch = 64,
                     .steps = scope.steps(400, 400, 1000),
                     .interval = scope.interval(scope.choose<Index>(20, 10, 10)),
                     .seeds = scope.choose(5, 10, 20)},
          .rates = scope.choose<std::vector<double>>(
              {0.1, 0.3, 1, 3, 10}, {0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10},
              {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100})};
}

Family sigmoid_family(const Scope& scope) {
  return {.name = "Sigmoid, 3 hidden layers",
          .recipe = {.activation = Activation::sigmoid,
                     .batch = 60,
                     .steps = scope.steps(400, 1000, 4000),
                     .interval = scope.interval(20),
                     .seeds = scope.choose(5, 5, 10)},
          .rates = scope.choose<std::vector<double>>(
              {0.3, 1, 3, 10, 30}, {0.03, 0.1, 0.3, 1, 3, 10, 30, 100},
              {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100})};
}

Family small_sigmoid_family(const Scope& scope) {
  Family family = sigmoid_family(scope);
  family.name = "Sigmoid, small Gaussian weights";
  family.recipe.deviation = 0.01;
  family.recipe.steps = scope.steps(1600, 2000, 10000);
  family.recipe.interval = scope.interval(40);
  if (scope.level == Level::quick) family.rates = {3, 10, 30};
  if (scope.level == Level::standard) family.rates = {0.1, 0.3, 1, 3, 10, 30, 100};
  return family;
}

std::vector<Family> families(const Scope& scope) {
  return {relu_family(scope), sigmoid_family(scope), small_sigmoid_family(scope)};
}

std::vector<Recipe> sweep(const Recipe& recipe, Placement placement,
                          const std::vector<double>& rates) {
  std::vector<Recipe> recipes;
  for (const double rate : rates) {
    recipes.push_back(recipe);
    recipes.back().placement = placement;
    recipes.back().learning_rate = rate;
  }
  return recipes;
}

std::vector<Recipe> both_sweeps(const Scope& scope) {
  std::vector<Recipe> all;
  for (const Family& family : families(scope)) {
    append(all, sweep(family, Placement::none));
    append(all, sweep(family, Placement::before_activation));
  }
  return all;
}

void append(std::vector<Recipe>& recipes, const std::vector<Recipe>& more) {
  recipes.insert(recipes.end(), more.begin(), more.end());
}

}  // namespace mlp
