#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "little_endian.hpp"
#include "text.hpp"

// The bytes of a safetensors file from its tensors.
namespace batchnorm::detail {

/// A tensor that is to be written.
struct NewTensor {
  const char* type = nullptr;
  std::size_t value_bytes = 0;
  std::vector<std::uint64_t> shape{};
  std::string bytes{};
};

/// Refuses what JSON cannot hold: bytes that are no UTF-8.
inline void check_text(const std::string& text) {
  try {
    (void)nlohmann::json(text).dump();
    return;
  } catch (const nlohmann::json::type_error&) {
  }
  refuse("SafetensorsWriter: names and metadata are UTF-8, and ", in_quotes(text).c_str(),
         " is not.");
}

/// Refuses a shape that has another number of values.
inline void check_shape(const std::string& name, const std::vector<std::uint64_t>& shape,
                        std::uint64_t size) {
  // An extent of 0 leaves nothing; others are divided out, so that no product is too large.
  bool fits = size == 0 && std::find(shape.begin(), shape.end(), 0) != shape.end();
  if (size > 0) {
    std::uint64_t rest = size;
    fits = std::all_of(shape.begin(), shape.end(),
                       [&rest](std::uint64_t extent) {
                         if (extent == 0 || rest % extent != 0) return false;
                         rest /= extent;
                         return true;
                       }) &&
           rest == 1;
  }
  if (fits) return;
  refuse("SafetensorsWriter: the shape of ", in_quotes(name).c_str(),
         " has another number of values than the ", size, " that came.");
}

/// The format's name of a type of values.
template <typename Value>
constexpr const char* type_of() {
  static_assert(std::is_same_v<Value, double> || std::is_same_v<Value, float> ||
                    std::is_same_v<Value, Eigen::half> || std::is_same_v<Value, Eigen::bfloat16> ||
                    (std::is_integral_v<Value> && std::is_signed_v<Value> && sizeof(Value) == 8),
                "batchnorm: SafetensorsWriter takes double, float, half, bfloat16 and 64-bit "
                "integers: cast the values to one of these.");
  if (std::is_same_v<Value, double>) return "F64";
  if (std::is_same_v<Value, float>) return "F32";
  if (std::is_same_v<Value, Eigen::half>) return "F16";
  return std::is_same_v<Value, Eigen::bfloat16> ? "BF16" : "I64";
}

/// Larger values first, so that each tensor lies at a multiple of the size of its values.
inline std::vector<const std::pair<const std::string, NewTensor>*> in_file_order(
    const std::map<std::string, NewTensor>& tensors) {
  std::vector<const std::pair<const std::string, NewTensor>*> order;
  order.reserve(tensors.size());
  for (const auto& named : tensors) order.push_back(&named);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->second.value_bytes > b->second.value_bytes;
  });
  return order;
}

inline std::string safetensors_bytes(const std::map<std::string, NewTensor>& tensors,
                                     const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::string data;
  for (const auto* const named : in_file_order(tensors)) {
    const NewTensor& tensor = named->second;
    const std::size_t begin = data.size();
    data += tensor.bytes;
    header[named->first] = {
        {"dtype", tensor.type}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  std::string json = header.dump();
  // Values begin at a multiple of 8 bytes, as the format's own writer has them.
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string bytes;
  write_bits(bytes, json.size(), sizeof(std::uint64_t));
  return bytes + json + data;
}

}  // namespace batchnorm::detail
