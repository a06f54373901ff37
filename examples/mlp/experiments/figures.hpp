#pragma once

#include <map>
#include <string>
#include <vector>

namespace mlp {

/// A value of a figure, and where it was taken: after how many steps, in which layer, at which
/// batch size.
struct Reading {
  double at = 0;
  double value = 0;
};

/// What one trial measured: readings by the name of the figure, in the order they were taken.
using Figures = std::map<std::string, std::vector<Reading>>;

}  // namespace mlp
