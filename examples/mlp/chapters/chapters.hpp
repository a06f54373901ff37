// The chapters of the report; each stands in a file of its own.
#pragma once

#include <vector>

#include "experiments/chapter.hpp"

namespace mlp {

Chapter faster();
Chapter learning_rates();
Chapter initialisation();
Chapter depth();
Chapter distributions();
Chapter placement();
Chapter small_batches();
Chapter wrong_mode();
Chapter running_statistics();
Chapter regularisation();
Chapter paper();

/// In the order of the report. `paper` needs as many images as its data set has, and is left out
/// where the training images are fewer.
std::vector<Chapter> chapters(const Scope& scope);

}  // namespace mlp
