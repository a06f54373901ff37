#include "table.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace benchmarks {

namespace {

/// Characters, of which some have several bytes.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t columns, bool left) {
  const std::string gap(columns - width(text), ' ');
  return left ? text + gap : gap + text;
}

/// The rows of a head whose last lines stand beside each other.
std::vector<std::vector<std::string>> lines(const std::vector<std::string>& head) {
  const auto breaks = [](const std::string& text) { return std::ranges::count(text, '\n'); };
  const auto most = std::ranges::max(head, {}, breaks);
  std::vector<std::vector<std::string>> rows(static_cast<std::size_t>(breaks(most)) + 1);
  for (const std::string& text : head) {
    std::istringstream stream(
        std::string(static_cast<std::size_t>(breaks(most) - breaks(text)), '\n') + text);
    for (auto& row : rows) std::getline(stream, row.emplace_back());
  }
  return rows;
}

}  // namespace

Table::Table(const std::vector<std::string>& head, std::size_t left)
    : left_(left), rows_(lines(head)), head_(rows_.size()) {}

void Table::add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::ostream& operator<<(std::ostream& out, const Table& table) {
  std::vector<std::size_t> widths(table.rows_.front().size());
  for (const auto& row : table.rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (const auto& row : table.rows_) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i)
      text += padded(row[i], widths[i], i < table.left_) + "  ";
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

std::string format(std::optional<double> value, double spread, int digits) {
  if (!value) return "-";
  return format(value, digits) + "±" + format(100.0 * spread, 0);
}

std::string format_error(std::optional<double> value) {
  if (!value) return "-";
  std::ostringstream text;
  text << std::scientific << std::setprecision(0) << *value;
  return text.str();
}

}  // namespace benchmarks
