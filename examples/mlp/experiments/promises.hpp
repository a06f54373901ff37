#pragma once

#include <string>
#include <vector>

#include "experiments/told.hpp"

namespace mlp {

/// One of the usual promises, and what was found about it.
struct Promise {
  std::string text{};
  std::vector<Finding> findings{};
  std::vector<std::string> chapters{};  ///< names, one for each finding

  /// "holds", "holds in part" or "does not hold"
  const char* verdict() const;
};

/// In the order in which the chapters come to them.
std::vector<Promise> promises(const Told& told);

/// Says them on stdout.
void print_promises(const Told& told);

}  // namespace mlp
