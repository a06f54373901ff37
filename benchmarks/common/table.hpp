#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace benchmarks {

/// Text in columns as wide as they need to be; the first `left` are set to the left, the others to
/// the right. A head may have several lines.
class Table {
 public:
  Table(const std::vector<std::string>& head, std::size_t left);

  void add(std::vector<std::string> row);
  bool empty() const { return rows_.size() == head_; }

  friend std::ostream& operator<<(std::ostream& out, const Table& table);

 private:
  std::size_t left_;
  std::vector<std::vector<std::string>> rows_;
  std::size_t head_;  ///< how many of them are the head
};

/// A figure with a few digits, or "-" where there is none.
std::string format(std::optional<double> value, int digits = 2);
/// The same with its spread behind it, in percent, as in "1.31±4".
std::string format(std::optional<double> value, double spread, int digits = 2);
std::string format_error(std::optional<double> value);

}  // namespace benchmarks
