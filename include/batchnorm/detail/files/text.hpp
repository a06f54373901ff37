#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "../refusal/refusal.hpp"

// Names out of a file, in sentences.
namespace batchnorm::detail {

/// A name as a message shows it: quoted, no longer than a line, without control characters.
inline std::string in_quotes(std::string_view name) {
  constexpr std::size_t most = 100;
  std::string text = "\"";
  for (const char c : name.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return text + (name.size() > most ? "...\"" : "\"");
}

/// Refuses a file: the sentence begins with its name.
[[noreturn]] inline void refuse_file(const std::string& file, const std::string& sentence) {
  refuse(file.c_str(), ": ", sentence.c_str());
}

}  // namespace batchnorm::detail
