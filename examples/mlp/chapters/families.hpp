#pragma once

#include <string>
#include <vector>

#include "experiments/recipe.hpp"
#include "experiments/scope.hpp"

namespace mlp {

/// A network and its start, which several chapters train at many learning rates.
struct Family {
  std::string name{};
  Recipe recipe{};
  std::vector<double> rates{};  ///< ascending
};

Family relu_family(const Scope& scope);
Family sigmoid_family(const Scope& scope);
/// The same from weights as in figure 1 of Ioffe and Szegedy: Gaussian with deviation 0.01.
Family small_sigmoid_family(const Scope& scope);

/// All three.
std::vector<Family> families(const Scope& scope);

/// The recipe at each learning rate.
std::vector<Recipe> sweep(const Recipe& recipe, Placement placement,
                          const std::vector<double>& rates);
inline std::vector<Recipe> sweep(const Family& family, Placement placement) {
  return sweep(family.recipe, placement, family.rates);
}
/// Every family without and with BatchNorm, at all of its rates.
std::vector<Recipe> both_sweeps(const Scope& scope);

void append(std::vector<Recipe>& recipes, const std::vector<Recipe>& more);

}  // namespace mlp
