#pragma once

#include <algorithm>
#include <cstdint>

#include "experiments/level.hpp"
#include "experiments/recipe.hpp"

namespace mlp {

/// What all chapters adapt to.
struct Scope {
  Level level = Level::standard;
  std::int64_t first_seed = 1;
  Index inputs = 0;  ///< pixels
  Index classes = 0;
  Index train = 0;       ///< images that networks learn from
  Index validation = 0;  ///< images that choose the learning rates
  Index test = 0;        ///< images that all figures are of

  /// One of three values.
  template <typename Value>
  Value choose(Value quick, Value standard, Value full) const {
    if (level == Level::quick) return quick;
    return level == Level::standard ? standard : full;
  }

  /// One of three numbers of steps for the digits; more for a larger data set, but never more than
  /// four times as many.
  Index steps(Index quick, Index standard, Index full) const {
    constexpr Index kDigits = 1168;
    return choose(quick, standard, full) * std::clamp<Index>(train / (10 * kDigits), 1, 4);
  }

  /// Steps between two points of a curve that shall have one every `steps`: more where there are
  /// many test images, so that testing takes no longer than training.
  Index interval(Index steps) const {
    constexpr Index kImagesPerStep = 50;
    const Index least = test / kImagesPerStep;
    return least <= steps ? steps : (least + steps - 1) / steps * steps;
  }
};

}  // namespace mlp
