#include "format.hpp"

#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdio>

namespace mlp {

std::string format(const char* pattern, ...) {
  std::va_list arguments;
  va_start(arguments, pattern);
  std::va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, pattern, arguments);
  std::string text(length > 0 ? static_cast<std::size_t>(length) : 0, '\0');
  std::vsnprintf(text.data(), text.size() + 1, pattern, again);
  va_end(again);
  va_end(arguments);
  return text;
}

std::string format_count(double count) {
  if (count >= 1e6) return format("%.1fM", count / 1e6);
  if (count >= 1e3) return format("%.0fk", count / 1e3);
  return format("%.0f", count);
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  const long hours = whole / 3600;
  const long minutes = whole / 60 % 60;
  if (hours > 0) return format("%ld:%02ld:%02ld", hours, minutes, whole % 60);
  return format("%ld:%02ld", minutes, whole % 60);
}

}  // namespace mlp
