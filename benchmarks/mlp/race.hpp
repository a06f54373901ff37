#pragma once

#include <string>
#include <vector>

#include "dataset.hpp"
#include "settings.hpp"

namespace benchmarks {

/// What one of the trainers did.
struct Figures {
  std::string name;
  double epoch_seconds = 0.0;  ///< median
  double epoch_spread = 0.0;
  double step_seconds = 0.0;  ///< of that epoch
  double norm_seconds = 0.0;  ///< of the BatchNorm layers in a step; median
  double first_loss = 0.0;    ///< of the first batch, before any update
  double last_loss = 0.0;     ///< mean over the last epoch
};

/// Trains the same network from the same weights with the same batches, an epoch each in turn, and
/// times the BatchNorm layers after it. Throws where the first losses differ.
std::vector<Figures> race(const Settings& settings, const mlp::Dataset& data);

}  // namespace benchmarks
