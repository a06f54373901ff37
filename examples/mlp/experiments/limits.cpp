#include "experiments/limits.hpp"

#include <algorithm>

namespace mlp {

batchnorm::Renormalization limits_at(Index step, Index steps, double decay) {
  const auto all = static_cast<double>(steps);
  const double begin = std::max(0.05 * all, 3 / (1 - decay));
  const auto risen = [&](double within) {
    return std::clamp((static_cast<double>(step) - begin) / (within * all), 0.0, 1.0);
  };
  return {.r_max = 1 + 2 * risen(0.25), .d_max = 5 * risen(0.15)};
}

}  // namespace mlp
