#pragma once

#include <string>
#include <vector>

namespace mlp {

/// A mean over seeds, and the least and the most of them.
struct Spread {
  double mean = 0, least = 0, most = 0;
};

/// Of one value or more.
Spread spread_of(const std::vector<double>& values);

/// "97.8 [97.2..98.2]"
std::string text_of(const Spread& spread, int digits = 1);

}  // namespace mlp
