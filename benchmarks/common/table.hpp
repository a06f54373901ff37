#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace benchmarks {

/// Text in columns as wide as they need to be; the first `left` are set to the left, the others to
/// the right.
class Table {
 public:
  Table(std::vector<std::string> head, std::size_t left);

  void add(std::vector<std::string> row);
  bool empty() const { return rows_.size() == 1; }

  friend std::ostream& operator<<(std::ostream& out, const Table& table);

 private:
  std::size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

/// A figure with a few digits, or "-" where there is none.
std::string format(std::optional<double> value, int digits = 2);
std::string format_error(std::optional<double> value);

}  // namespace benchmarks
