#pragma once

#include <string>
#include <vector>

#include "architecture.hpp"

namespace mlp {

/// What a trial records beside the accuracy.
enum class Probe {
  none,
  gradients,         ///< per linear layer, the norm of the weights' gradient before the first step
  distributions,     ///< of the inputs of the last hidden activation, along the way
  batch_statistics,  ///< at the end: accuracy with the statistics of batches, by their size
  both_modes         ///< along the way: accuracy in mode Eval, and with the statistics of a batch
};

/// All that decides a trial but its seed and the data.
struct Recipe {
  std::vector<Index> hidden{100, 100, 100};
  Activation activation = Activation::sigmoid;
  Placement placement = Placement::none;
  double learning_rate = 0.1;
  Index batch = 60;
  Index steps = 1000;
  double gain = 1;       ///< factor on the standard deviation that fits the activation, all layers
  double deviation = 0;  ///< if not 0: that of Gaussian weights, in place of the above
  double decay = 0.9;    ///< momentum of the running statistics
  bool renormalised = false;  ///< batch renormalization, with limits that rise
  Index ghost = 0;            ///< rows that are normalised together; 0: all of a batch
  double dropout = 0;         ///< probability
  Index images = 0;           ///< how many training images are used; 0 stands for all
  Index interval = 0;         ///< steps between two points of the curve; 0: the end alone
  Probe probe = Probe::none;
  int seeds = 5;  ///< how many trials it gets; no part of what decides one
};

/// The names and the values of a recipe's fields as in a CSV file. Equal texts, equal recipes.
std::string recipe_header();
std::string text_of(const Recipe& recipe);

/// "64-100-100-10, sigmoid": the network of a recipe.
std::string network_text(const Recipe& recipe, Index inputs, Index classes);

/// About how long a trial takes, in an arbitrary unit.
double cost_of(const Recipe& recipe, Index inputs);

}  // namespace mlp
