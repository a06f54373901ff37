#pragma once

namespace mlp {

/// How much time the experiments may take.
enum class Level {
  quick,     ///< about 40 seconds on one core, with the digits
  standard,  ///< about two minutes
  full       ///< as long as it takes
};

}  // namespace mlp
