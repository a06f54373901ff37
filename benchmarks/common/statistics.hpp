#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace benchmarks {

/// The larger of two errors; one that is not a number is larger than any other.
inline double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }

/// Of at least one value.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

/// Half the way from the least to the most, over the median. Of at least one value.
inline double spread(const std::vector<double>& values) {
  const auto [least, most] = std::ranges::minmax(values);
  return (most - least) / 2.0 / median(values);
}

}  // namespace benchmarks
