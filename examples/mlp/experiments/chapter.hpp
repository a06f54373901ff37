#pragma once

#include <vector>

#include "experiments/account.hpp"
#include "experiments/evidence.hpp"
#include "experiments/recipe.hpp"
#include "experiments/scope.hpp"

namespace mlp {

/// One claim about batch normalization: what is trained to test it, and what comes of it.
struct Chapter {
  const char* name;  ///< for --only
  const char* title;
  std::vector<Recipe> (*recipes)(const Scope& scope);
  Account (*account)(const Evidence& evidence);
};

}  // namespace mlp
