#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "../../scalar.hpp"
#include "little_endian.hpp"
#include "safetensors_header.hpp"
#include "text.hpp"

// A safetensors file whose parts fit each other, and the values of its tensors.
namespace batchnorm::detail {

/// What a header may have, by the format's text.
inline constexpr std::uint64_t most_header_bytes = 100'000'000;

/// The header of a file, checked against its data, and the data.
struct SafetensorsContent {
  SafetensorsHeader header;
  std::unordered_map<std::string, std::size_t> places;  ///< of tensors, by name
  std::string_view data;

  /// Refuses what the format does not allow.
  SafetensorsContent(const std::string& file, std::string_view bytes) {
    const std::string_view json = header_of(file, bytes);
    data = bytes.substr(sizeof(std::uint64_t) + json.size());
    header = read_header(file, json);
    refuse_truncated(file);
    for (const TensorEntry& entry : header.tensors) {
      refuse_unless_empty(file, misfit(entry, data.size()));
    }
    refuse_unless_empty(file, gap_or_overlap(header.tensors, data.size()));
    for (std::size_t i = 0; i < header.tensors.size(); ++i) places[header.tensors[i].name] = i;
  }

  [[nodiscard]] std::string_view bytes_of(const TensorEntry& entry) const {
    return data.substr(entry.begin, entry.end - entry.begin);
  }

 private:
  static void refuse_unless_empty(const std::string& file, const std::string& sentence) {
    if (!sentence.empty()) refuse_file(file, sentence);
  }

  /// Where the tensors go on behind the end of the file.
  void refuse_truncated(const std::string& file) const {
    std::uint64_t end = 0;
    for (const TensorEntry& entry : header.tensors) end = std::max(end, entry.end);
    if (end <= data.size()) return;
    refuse_file(file, "is truncated: its tensors have " + std::to_string(end) + " bytes, and " +
                          std::to_string(data.size()) + " follow the header.");
  }

  static std::string_view header_of(const std::string& file, std::string_view bytes) {
    constexpr std::size_t length_bytes = sizeof(std::uint64_t);
    if (bytes.starts_with("PK\x03\x04")) {
      refuse_file(file,
                  "is a zip, as torch.save writes one: in Python, "
                  "safetensors.torch.save_file(model.state_dict(), \"model.safetensors\") writes "
                  "what can be read here.");
    }
    if (bytes.size() < length_bytes) {
      refuse_file(file, "is no safetensors file: it has " + std::to_string(bytes.size()) +
                            " bytes, and the length of the header alone has 8.");
    }
    const std::uint64_t length = read_bits(bytes.substr(0, length_bytes));
    if (length > most_header_bytes) {
      refuse_file(
          file,
          "is no safetensors file, which begins with the length of its header: that would be " +
              std::to_string(length) + " bytes, and may be 100000000.");
    }
    if (length > bytes.size() - length_bytes) {
      refuse_file(file, "is truncated: its header should have " + std::to_string(length) +
                            " bytes, and " + std::to_string(bytes.size() - length_bytes) +
                            " follow.");
    }
    const std::string_view json = bytes.substr(length_bytes, length);
    if (!json.starts_with('{')) {
      refuse_file(file, "is no safetensors file: its header begins with no brace.");
    }
    return json;
  }

  static SafetensorsHeader read_header(const std::string& file, std::string_view json) {
    // The JSON library takes a zero byte for the end, whatever follows (3.11).
    if (json.find('\0') != std::string_view::npos) refuse_file(file, "has a zero in its header.");
    SafetensorsSax reader;
    const bool is_read = nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
    if (!is_read) refuse_file(file, reader.failure);
    return std::move(reader.header);
  }
};

/// Refuses a tensor whose values are no numbers that a layer could take, before room is made for
/// them.
template <typename Value>
void check_type(const std::string& file, const TensorEntry& entry) {
  static_assert(!std::is_integral_v<Value> || std::is_same_v<Value, std::int64_t>,
                "batchnorm: Safetensors gives values as double, float, half, bfloat16 or 64-bit "
                "integers.");
  const bool is_real =
      entry.type == "F64" || entry.type == "F32" || entry.type == "F16" || entry.type == "BF16";
  if (!is_real && entry.type != "I64") {
    refuse_file(file, "its tensor " + in_quotes(entry.name) + " is " + entry.description() +
                          ", and values are read from F64, F32, F16, BF16 and I64.");
  }
  if (std::is_integral_v<Value> && is_real) {
    refuse_file(file, "its tensor " + in_quotes(entry.name) + " is " + entry.description() +
                          ", which is no I64: read it as double.");
  }
}

/// Values of a type that was checked, each converted to that of `values`.
template <typename Value>
void read_tensor(const TensorEntry& entry, std::string_view bytes, Value* values) {
  if (entry.type == "F64") return read_values<double>(bytes, values);
  if (entry.type == "F32") return read_values<float>(bytes, values);
  if (entry.type == "F16") return read_values<Eigen::half>(bytes, values);
  if (entry.type == "BF16") return read_values<Eigen::bfloat16>(bytes, values);
  read_values<std::int64_t>(bytes, values);
}

/// Of a counter: systems that cast a whole model have it in the type of the weights.
inline std::int64_t count_of(const std::string& file, const TensorEntry& entry,
                             std::string_view bytes) {
  const bool is_single = entry.shape.empty() || entry.shape == std::vector<std::uint64_t>{1};
  if (!is_single) {
    refuse_file(file, "its tensor " + in_quotes(entry.name) + " is " + entry.description() +
                          ", where a single number counts batches.");
  }
  check_type<double>(file, entry);
  std::int64_t exact = -1;
  if (entry.type == "I64") read_tensor(entry, bytes, &exact);
  if (exact >= 0) return exact;
  double count = 0;
  read_tensor(entry, bytes, &count);
  if (!is_whole(count)) {
    refuse_file(file, "its tensor " + in_quotes(entry.name) +
                          " counts batches, and is no whole number of at least 0.");
  }
  return static_cast<std::int64_t>(count);
}

}  // namespace batchnorm::detail
