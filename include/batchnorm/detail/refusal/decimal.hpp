#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace batchnorm::detail {

/// `value` in decimal as printf's "%.9g" writes it, up to the last digit: for machines on which the
/// tables of `std::to_chars` are larger than the rest of a program.
class Decimal {
 public:
  explicit Decimal(double value) {
    if (std::signbit(value)) put('-');
    const double size = std::abs(value);
    if (std::isnan(size) || std::isinf(size)) {
      put(std::isnan(size) ? "nan" : "inf");
    } else if (size == 0.0) {
      put('0');
    } else {
      put_finite(size);
    }
  }

  const char* text() const { return text_.data(); }

 private:
  static constexpr int most_digits = 9;

  void put_finite(double size) {
    find_digits(size);
    if (exponent_ < -4 || exponent_ >= most_digits) {
      put_digits(1);
      put(exponent_ < 0 ? "e-" : "e+");
      if (std::abs(exponent_) < 10) put('0');
      put_number(static_cast<std::uint32_t>(std::abs(exponent_)));
    } else if (exponent_ < 0) {
      put("0.");
      for (int k = exponent_ + 1; k < 0; ++k) put('0');
      put_digits(count_);
    } else {
      put_digits(exponent_ + 1);
    }
  }

  void find_digits(double size) {
    while (size >= 10.0) {
      size /= 10.0;
      ++exponent_;
    }
    while (size < 1.0) {
      size *= 10.0;
      --exponent_;
    }
    auto all = static_cast<std::uint32_t>(std::lround(size * 1e8));
    if (all == 1000000000U) ++exponent_;
    while (all % 10 == 0) all /= 10;
    count_ = static_cast<int>(
        std::to_chars(digits_.data(), digits_.data() + digits_.size(), all).ptr - digits_.data());
  }

  /// With a point behind `whole` digits, unless none follow.
  void put_digits(int whole) {
    for (int k = 0; k < std::max(whole, count_); ++k) {
      if (k == whole) put('.');
      put(k < count_ ? digits_[static_cast<std::size_t>(k)] : '0');
    }
  }

  void put_number(std::uint32_t value) {
    std::array<char, 12> number{};
    std::to_chars(number.data(), number.data() + number.size(), value);
    put(number.data());
  }

  void put(char c) { text_[used_++] = c; }
  void put(const char* text) {
    for (; *text != '\0'; ++text) put(*text);
  }

  std::array<char, 24> text_{};
  std::size_t used_ = 0;
  std::array<char, 12> digits_{};
  int count_ = 0;
  int exponent_ = 0;
};

}  // namespace batchnorm::detail
