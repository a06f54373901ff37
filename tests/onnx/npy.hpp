#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// The part of NumPy's array format that the stored cases use.
namespace batchnorm_tests::onnx {

/// Values in C order, widened to `double`.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

/// Width of a value in bytes, from a header {'descr': '<f4', 'fortran_order': False, 'shape': ...}.
inline std::size_t parse_width(const std::string& header) {
  const auto starts_with = [&](const std::string& type) {
    return header.starts_with("{'descr': '" + type + "', 'fortran_order': False, 'shape': (");
  };
  if (!starts_with("<f4") && !starts_with("<f8")) {
    throw std::runtime_error("npy: expected little-endian floats in C order, got " + header);
  }
  return starts_with("<f4") ? sizeof(float) : sizeof(double);
}

/// The sizes between the header's parentheses; (3,) has one.
inline std::vector<std::int64_t> parse_shape(const std::string& header) {
  std::istringstream text(header.substr(header.find('(') + 1));
  std::vector<std::int64_t> shape;
  for (std::int64_t size = 0; text >> size; text.ignore(text.peek() == ',' ? 1 : 0)) {
    shape.push_back(size);
  }
  return shape;
}

template <typename Scalar>
std::vector<double> parse_values(const std::string& bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::vector<Scalar> values(bytes.size() / sizeof(Scalar));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(Scalar));
  return {values.begin(), values.end()};
}

/// Everything else than version 1, `<f4` or `<f8`, C order and a fitting length is a
/// `std::runtime_error`.
inline Array parse_npy(const std::string& bytes) {
  constexpr std::size_t preamble = 10;
  if (bytes.size() < preamble || bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    throw std::runtime_error("npy: expected format version 1");
  }
  const std::size_t length = static_cast<unsigned char>(bytes[8]) +
                             std::size_t{256} * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(preamble, length);
  const std::size_t width = parse_width(header);
  Array result{parse_shape(header), {}};
  const std::int64_t count = std::accumulate(result.shape.begin(), result.shape.end(),
                                             std::int64_t{1}, std::multiplies<>());
  if (bytes.size() != preamble + length + static_cast<std::size_t>(count) * width) {
    throw std::runtime_error("npy: length does not fit the shape");
  }
  const std::string data = bytes.substr(preamble + length);
  result.values = width == sizeof(float) ? parse_values<float>(data) : parse_values<double>(data);
  return result;
}

inline Array read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("npy: cannot open " + path);
  }
  return parse_npy({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
}

}  // namespace batchnorm_tests::onnx
