#pragma once

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Values as bytes, lowest first, whatever the machine's order is.
namespace batchnorm::detail {

/// Whether a number can count: whole, at least 0, and exact in double.
inline bool is_whole(double value) {
  return value >= 0.0 && value <= 0x1p53 && value == std::floor(value);
}

/// An unsigned integer of `bytes.size()` bytes, at most 8.
inline std::uint64_t read_bits(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    bits = bits << 8U | static_cast<unsigned char>(bytes[i - 1]);
  }
  return bits;
}

inline void write_bits(std::string& bytes, std::uint64_t bits, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    bytes += static_cast<char>(bits >> (8 * i) & 0xffU);
  }
}

/// The value with these bits.
template <typename Value>
Value from_bits(std::uint64_t bits) {
  if constexpr (std::same_as<Value, double>) {
    return std::bit_cast<double>(bits);
  } else if constexpr (std::same_as<Value, float>) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  } else if constexpr (std::integral<Value>) {
    return static_cast<Value>(bits);
  } else {
    return Eigen::numext::bit_cast<Value>(static_cast<std::uint16_t>(bits));
  }
}

template <typename Value>
std::uint64_t bits_of(Value value) {
  if constexpr (std::same_as<Value, double>) {
    return std::bit_cast<std::uint64_t>(value);
  } else if constexpr (std::same_as<Value, float>) {
    return std::bit_cast<std::uint32_t>(value);
  } else if constexpr (std::integral<Value>) {
    return static_cast<std::uint64_t>(value);
  } else {
    return Eigen::numext::bit_cast<std::uint16_t>(value);
  }
}

template <typename Value>
void write_value(std::string& bytes, Value value) {
  write_bits(bytes, bits_of(value), sizeof(Value));
}

/// The values of a matrix or a vector, row by row.
template <typename Values>
void write_values(std::string& bytes, const Values& values) {
  for (Eigen::Index row = 0; row < values.rows(); ++row) {
    for (Eigen::Index column = 0; column < values.cols(); ++column) {
      write_value<typename Values::Scalar>(bytes, values.coeff(row, column));
    }
  }
}

/// The values that lie in `bytes`, each converted.
template <typename Stored, typename Value>
void read_values(std::string_view bytes, Value* values) {
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(Stored)) {
    *values++ = static_cast<Value>(from_bits<Stored>(read_bits(bytes.substr(at, sizeof(Stored)))));
  }
}

}  // namespace batchnorm::detail
