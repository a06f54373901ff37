#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "text.hpp"

// What somebody may have meant by a name that is not there.
namespace batchnorm::detail {

/// How many characters must be added, left out or replaced to make `b` of `a` (Levenshtein 1966).
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j + 1] + 1, row[j] + 1});
    }
  }
  return row[b.size()];
}

/// The name that differs least, of those that are not too long to be compared; empty where there is
/// none.
inline std::string nearest(std::string_view name, const std::vector<std::string>& names) {
  constexpr std::size_t longest = 200;
  std::string best;
  std::size_t least = std::string::npos;
  for (const std::string& candidate : names) {
    if (candidate.size() > longest || name.size() > longest) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/// "there is no X; nearest is Y; there are A, B, C", with the first of many.
inline std::string not_found(const char* what, std::string_view name,
                             const std::vector<std::string>& names) {
  constexpr std::size_t most_listed = 12;
  constexpr std::size_t most_compared = 10'000;
  std::string sentence = std::string("has no ") + what + ' ' + in_quotes(name);
  if (names.empty()) return sentence + ", and no other.";
  const std::vector<std::string> compared(
      names.begin(),
      names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most_compared)));
  const std::string best = nearest(name, compared);
  if (!best.empty() && best != name) sentence += "; the nearest is " + in_quotes(best);
  sentence += ". It has ";
  for (std::size_t i = 0; i < names.size() && i < most_listed; ++i) {
    sentence += (i == 0 ? "" : ", ") + in_quotes(names[i]);
  }
  if (names.size() > most_listed) {
    sentence += " and " + std::to_string(names.size() - most_listed) + " more";
  }
  return sentence + ".";
}

}  // namespace batchnorm::detail
