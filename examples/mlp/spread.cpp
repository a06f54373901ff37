#include "spread.hpp"

#include <algorithm>

#include "format.hpp"

namespace mlp {

Spread spread_of(const std::vector<double>& values) {
  Spread spread{.least = values.front(), .most = values.front()};
  for (const double value : values) {
    spread.mean += value / static_cast<double>(values.size());
    spread.least = std::min(spread.least, value);
    spread.most = std::max(spread.most, value);
  }
  return spread;
}

std::string text_of(const Spread& spread, int digits) {
  return format("%.*f [%.*f..%.*f]", digits, spread.mean, digits, spread.least, digits,
                spread.most);
}

}  // namespace mlp
