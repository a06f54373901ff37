#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "../../diagnosis.hpp"

// A diagnosis as a person reads it: how many channels are in trouble, and the worst of them.
namespace batchnorm {
namespace detail {

/// Rows of a table: what is beyond them is counted.
inline constexpr std::size_t most_rows = 10;

inline std::string formatted(const char* format, double value) {
  if (std::isnan(value)) return "?";
  char text[32];  // NOLINT(cppcoreguidelines-avoid-c-arrays)
  std::snprintf(text, sizeof text, format, value);
  return text;
}

inline std::string troubles_of(const Diagnosis& diagnosis, Eigen::Index channel) {
  std::string text;
  for (const Trouble trouble : all_troubles) {
    if (!diagnosis.has(trouble, channel)) continue;
    text += (text.empty() ? "" : ", ");
    text += name_of(trouble);
  }
  return text;
}

/// Aligns to the right.
inline void write_cell(std::ostream& out, const std::string& text, std::size_t width) {
  out << std::string(width > text.size() ? width - text.size() : 0, ' ') << text << "  ";
}

inline void write_header(std::ostream& out, const Diagnosis& diagnosis) {
  write_cell(out, "channel", 7);
  write_cell(out, "run. var.", 9);
  if (diagnosis.gamma.size() > 0) write_cell(out, "gamma", 8);
  write_cell(out, "start left", 10);
  write_cell(out, "eff. batches", 12);
  write_cell(out, "rejected", 8);
  if (diagnosis.has_data()) {
    write_cell(out, "drift, dev.", 11);
    write_cell(out, "var. ratio", 10);
  }
  out << "trouble\n";
}

inline void write_row(std::ostream& out, const Diagnosis& diagnosis, Eigen::Index c) {
  write_cell(out, std::to_string(c), 7);
  write_cell(out, formatted("%.3g", diagnosis.variance[c]), 9);
  if (diagnosis.gamma.size() > 0) write_cell(out, formatted("%.3g", diagnosis.gamma[c]), 8);
  write_cell(out, formatted("%.1f %%", 100.0 * diagnosis.start_left[c]), 10);
  write_cell(out, formatted("%.3g", diagnosis.effective_batches[c]), 12);
  write_cell(out, formatted("%.3g %%", 100.0 * diagnosis.rejected[c]), 8);
  if (diagnosis.has_data()) {
    write_cell(out, formatted("%.3g", diagnosis.mean_drift[c]), 11);
    write_cell(out, formatted("%.3g", diagnosis.variance_ratio[c]), 10);
  }
  out << troubles_of(diagnosis, c) << '\n';
}

/// ": 6 dead, 17 variance ratio"
inline void write_kinds(std::ostream& out, const Diagnosis& diagnosis) {
  const char* separator = ": ";
  for (const Trouble trouble : all_troubles) {
    Eigen::Index count = 0;
    for (Eigen::Index c = 0; c < diagnosis.channels(); ++c)
      count += diagnosis.has(trouble, c) ? 1 : 0;
    if (count == 0) continue;
    out << separator << count << ' ' << name_of(trouble);
    separator = ", ";
  }
}

inline void write_counts(std::ostream& out, const Diagnosis& diagnosis, std::size_t in_trouble) {
  out << diagnosis.channels() << (diagnosis.channels() == 1 ? " channel, " : " channels, ");
  if (diagnosis.is_counted) {
    out << diagnosis.batches << (diagnosis.batches == 1 ? " batch; " : " batches; ");
  } else {
    out << "batches not counted; ";
  }
  if (in_trouble == 0) {
    out << "none in trouble\n";
  } else {
    out << in_trouble << " in trouble";
    write_kinds(out, diagnosis);
    out << '\n';
  }
}

}  // namespace detail

/// A line that counts, and a table of the worst ten channels in trouble.
inline std::ostream& operator<<(std::ostream& out, const Diagnosis& diagnosis) {
  const std::vector<Eigen::Index> channels = diagnosis.in_trouble();
  detail::write_counts(out, diagnosis, channels.size());
  if (channels.empty()) return out;
  detail::write_header(out, diagnosis);
  for (std::size_t i = 0; i < channels.size() && i < detail::most_rows; ++i) {
    detail::write_row(out, diagnosis, channels[i]);
  }
  if (channels.size() > detail::most_rows) {
    out << "and " << channels.size() - detail::most_rows << " more\n";
  }
  return out;
}

}  // namespace batchnorm
