#include "table.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace benchmarks {

Table::Table(std::vector<std::string> head, std::size_t left)
    : left_(left), rows_{std::move(head)} {}

void Table::add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::ostream& operator<<(std::ostream& out, const Table& table) {
  std::vector<std::size_t> widths(table.rows_.front().size());
  for (const auto& row : table.rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : table.rows_) {
    std::ostringstream line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line << (i < table.left_ ? std::left : std::right) << std::setw(static_cast<int>(widths[i]))
           << row[i] << "  ";
    }
    std::string text = line.str();
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << '\n';
  }
  return out;
}

std::string format(std::optional<double> value, int digits) {
  if (!value) return "-";
  std::ostringstream text;
  // Three digits say enough about a time.
  text << std::fixed << std::setprecision(*value >= 100.0 ? 0 : digits) << *value;
  return text.str();
}

std::string format_error(std::optional<double> value) {
  if (!value) return "-";
  std::ostringstream text;
  text << std::scientific << std::setprecision(0) << *value;
  return text.str();
}

}  // namespace benchmarks
