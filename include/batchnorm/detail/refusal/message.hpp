#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstring>

#include "decimal.hpp"

namespace batchnorm::detail {

/// A line of text in the making, without a heap and without streams. What does not fit is left out.
class Message {
 public:
  const char* text() const { return text_.data(); }

  void append(const char* text) {
    const std::size_t taken = std::min(std::strlen(text), text_.size() - 1 - used_);
    std::copy_n(text, taken, text_.data() + used_);
    used_ += taken;
  }

  template <typename Number>
  requires std::integral<Number> || std::floating_point<Number>
  void append(Number value) {
#if defined(__NEWLIB__)
    if constexpr (std::floating_point<Number>) return append(Decimal(value).text());
#endif
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size() - 1, value).ptr;
    *end = '\0';
    append(digits.data());
  }

 private:
  std::array<char, 2048> text_{};
  std::size_t used_ = 0;
};

/// A part of a message, which is written when the message is made: one function writes them all, so
/// that a message costs its caller next to nothing to compile.
class MessagePart {
 public:
  explicit MessagePart(const char* text)
      : value_(text),
        write_([](Message& to, const void* value) { to.append(static_cast<const char*>(value)); }) {
  }

  /// A number, or a value of a type with a function `append_to(message, value)`.
  template <typename T>
  explicit MessagePart(const T& value) : value_(&value), write_(&write_value<T>) {}

  void write(Message& to) const { write_(to, value_); }

 private:
  template <typename T>
  static void write_value(Message& to, const void* what) {
    const T& value = *static_cast<const T*>(what);
    if constexpr (requires { append_to(to, value); }) {
      append_to(to, value);
    } else {
      to.append(value);
    }
  }

  const void* value_;
  void (*write_)(Message& to, const void* value);
};

}  // namespace batchnorm::detail
