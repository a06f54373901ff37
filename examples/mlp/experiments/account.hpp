// What the report says, without a word on how it looks.
#pragma once

#include <string>
#include <vector>

#include "spread.hpp"

namespace mlp {

/// A point of a line: y is a spread.
struct Point {
  double x = 0;
  Spread y{};
};

/// Which network a line is of; it decides the colour, the same one in all charts. What others are
/// held against, and is no network of its own, is a `reference`.
enum class Tone { plain, norm, third, fourth, reference };

struct Line {
  std::string name{};
  Tone tone = Tone::plain;
  std::vector<Point> points{};
  bool dashed = false;
};

/// The y axes of a chapter's charts with the same `y_label` go from and to the same.
struct Chart {
  std::string title{}, x_label{}, y_label{};
  std::vector<Line> lines{};
  bool log_x = false, log_y = false;
  bool bars = false;  ///< each line is a bar, its one point
};

struct Table {
  std::vector<std::string> columns{};
  std::vector<std::vector<std::string>> rows{};
};

/// One measured answer to a claim, with the mark that it had to reach.
struct Finding {
  std::string claim{};  ///< with its mark
  std::string brief{};  ///< what was measured, in a sentence of a few words
  std::string measured{};
  std::string setting{};
  bool holds = false;
  std::string promise{};  ///< the row of the first screen that it belongs to, or empty
};

/// What a chapter has to tell.
struct Account {
  std::string claim{};
  std::vector<std::string> text{};  ///< paragraphs
  std::vector<Chart> charts{};
  Table table{};
  std::vector<Finding> findings{};
  std::string limit{};
  std::string code{};
};

}  // namespace mlp
