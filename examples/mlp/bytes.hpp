// Values as bytes, the same on every machine: integers and the bits of floating point numbers,
// lowest byte first; a vector after its length.
#pragma once

#include <Eigen/Core>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace mlp {

/// Reads them one by one. Throws std::runtime_error where the bytes end too soon.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::int64_t integer() { return static_cast<std::int64_t>(low_bytes(sizeof(std::int64_t))); }
  double real() { return std::bit_cast<double>(integer()); }

  /// Assigns as many values as were written, resizing `values`.
  template <typename Scalar>
  void vector(Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& values) {
    const std::int64_t count = integer();
    if (count < 0 || static_cast<std::uint64_t>(count) > rest_.size() / sizeof(Scalar)) too_short();
    values.resize(count);
    for (Scalar& value : values) element(value);
  }

  bool at_end() const { return rest_.empty(); }

 private:
  void element(float& value) {
    value = std::bit_cast<float>(static_cast<std::uint32_t>(low_bytes(sizeof value)));
  }
  void element(double& value) { value = real(); }
  void element(std::int64_t& value) { value = integer(); }

  std::uint64_t low_bytes(std::size_t count) {
    if (rest_.size() < count) too_short();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    }
    rest_.remove_prefix(count);
    return value;
  }

  [[noreturn]] static void too_short() { throw std::runtime_error("it ends too soon"); }

  std::string_view rest_;
};

}  // namespace mlp
