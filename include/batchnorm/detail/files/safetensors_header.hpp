#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "text.hpp"

// The header of a safetensors file, strictly as the format's text has it: a JSON object of tensors,
// each with dtype, shape and data_offsets, and of strings in __metadata__.
namespace batchnorm::detail {

/// A tensor as the header describes it.
struct TensorEntry {
  std::string name;
  std::string type;  ///< "F32"
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes of the data part
  std::set<std::string> fields;      ///< those that came

  /// "F32 [64, 3]"
  [[nodiscard]] std::string description() const {
    std::string text = type + " [";
    for (std::size_t i = 0; i < shape.size() && i < 8; ++i) {
      text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    }
    return text + (shape.size() > 8 ? ", ...]" : "]");
  }
};

/// What a header says.
struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads the JSON of a header, event by event, so that nothing is built of what is not allowed.
/// What is wrong ends it with a sentence.
class SafetensorsSax final : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader header{};
  std::string failure{};

  bool null() override { return refuse_value("null"); }
  bool boolean(bool /*value*/) override { return refuse_value("true or false"); }
  bool number_integer(number_integer_t /*value*/) override {
    return refuse_value("a negative number");
  }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    return refuse_value("the number " + text.substr(0, 40));
  }
  bool binary(binary_t& /*value*/) override { return refuse_value("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::array) return refuse_value("a number");
    return key_ == "shape" ? add_extent(value) : add_offset(value);
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      header.metadata[key_] = value;
      return true;
    }
    if (place_ != Place::entry || key_ != "dtype") return refuse_value("a string");
    entry().type = value;
    return true;
  }

  bool start_object(std::size_t /*elements*/) override {
    if (place_ == Place::outside) {
      place_ = Place::tensors;
      return true;
    }
    if (place_ != Place::tensors) return refuse_value("an object");
    place_ = key_ == "__metadata__" ? Place::metadata : Place::entry;
    if (place_ == Place::entry) header.tensors.emplace_back().name = key_;
    keys_.clear();
    return true;
  }

  bool key(string_t& value) override {
    key_ = value;
    if (place_ == Place::tensors) {
      return names_.insert(value).second || fail("names " + in_quotes(value) + " twice");
    }
    if (place_ == Place::metadata) {
      return keys_.insert(value).second ||
             fail("has " + in_quotes(value) + " twice in its metadata");
    }
    if (value != "dtype" && value != "shape" && value != "data_offsets") {
      return fail("has a field " + in_quotes(value) + " in " + in_quotes(entry().name));
    }
    return entry().fields.insert(value).second ||
           fail("has " + in_quotes(value) + " twice in " + in_quotes(entry().name));
  }

  bool end_object() override {
    if (place_ == Place::tensors) {
      place_ = Place::end;
      return true;
    }
    if (place_ == Place::entry && (entry().fields.size() != 3 || offsets_ != 2)) {
      return fail("lacks a dtype, a shape or two data_offsets in " + in_quotes(entry().name));
    }
    offsets_ = 0;
    place_ = Place::tensors;
    return true;
  }

  bool start_array(std::size_t /*elements*/) override {
    if (place_ != Place::entry || key_ == "dtype") return refuse_value("an array");
    place_ = Place::array;
    return true;
  }

  bool end_array() override {
    place_ = Place::entry;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    return fail("is no JSON at byte " + std::to_string(position));
  }

 private:
  enum class Place { outside, tensors, metadata, entry, array, end };

  TensorEntry& entry() { return header.tensors.back(); }

  bool fail(const std::string& what) {
    if (failure.empty()) failure = "its header " + what + ".";
    return false;
  }

  bool refuse_value(const std::string& what) {
    return fail("has " + what + (key_.empty() ? " alone" : " under " + in_quotes(key_)) +
                ", where the format has none");
  }

  bool add_extent(std::uint64_t value) {
    entry().shape.push_back(value);
    return true;
  }

  bool add_offset(std::uint64_t value) {
    if (++offsets_ > 2) return fail("has more than two data_offsets in " + in_quotes(entry().name));
    (offsets_ == 1 ? entry().begin : entry().end) = value;
    return true;
  }

  Place place_ = Place::outside;
  std::string key_;
  std::set<std::string> names_, keys_;
  int offsets_ = 0;
};

/// Bits of a value of a type; 0 of a type that the format does not have.
inline std::uint64_t bits_of_type(std::string_view type) {
  struct Known {
    std::string_view name;
    std::uint64_t bits;
  };
  constexpr std::array known{
      Known{"F64", 64},        Known{"F32", 32},        Known{"F16", 16},    Known{"BF16", 16},
      Known{"I64", 64},        Known{"I32", 32},        Known{"I16", 16},    Known{"I8", 8},
      Known{"U64", 64},        Known{"U32", 32},        Known{"U16", 16},    Known{"U8", 8},
      Known{"BOOL", 8},        Known{"C64", 64},        Known{"F8_E4M3", 8}, Known{"F8_E5M2", 8},
      Known{"F8_E4M3FNUZ", 8}, Known{"F8_E5M2FNUZ", 8}, Known{"F8_E8M0", 8}, Known{"F6_E2M3", 6},
      Known{"F6_E3M2", 6},     Known{"F4", 4}};
  const auto* const found =
      std::find_if(known.begin(), known.end(), [&](const Known& one) { return one.name == type; });
  return found == known.end() ? 0 : found->bits;
}

/// Bytes of the values of a tensor, or nothing where these are more than 2^64 bits or end within a
/// byte. An extent of 0 behind too large a product does not help, as in the format's own reader.
inline std::optional<std::uint64_t> bytes_needed(const TensorEntry& entry, std::uint64_t bits) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t product = 1;
  const auto multiply = [&](std::uint64_t factor) {
    if (factor != 0 && product > most / factor) return false;
    product *= factor;
    return true;
  };
  const bool fits = std::all_of(entry.shape.begin(), entry.shape.end(), multiply) && multiply(bits);
  if (!fits || product % 8 != 0) return std::nullopt;
  return product / 8;
}

/// Why an entry fits neither itself nor `bytes` of data; empty where it does.
inline std::string misfit(const TensorEntry& entry, std::uint64_t bytes) {
  const std::string name = in_quotes(entry.name);
  if (entry.begin > entry.end || entry.end > bytes) {
    return "its tensor " + name + " lies at bytes " + std::to_string(entry.begin) + " to " +
           std::to_string(entry.end) + " of " + std::to_string(bytes) + ".";
  }
  const std::uint64_t bits = bits_of_type(entry.type);
  if (bits == 0) {
    return "its tensor " + name + " is of type " + in_quotes(entry.type) + ", which is none.";
  }
  if (bytes_needed(entry, bits) == entry.end - entry.begin) return "";
  return "its tensor " + name + " is " + entry.description() + ", but has " +
         std::to_string(entry.end - entry.begin) + " bytes.";
}

/// Why the tensors do not cover `bytes` of data, each byte once; empty where they do. Sorts them by
/// their place.
inline std::string gap_or_overlap(std::vector<TensorEntry>& tensors, std::uint64_t bytes) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t covered = 0;
  for (const TensorEntry& entry : tensors) {
    if (entry.begin != covered) {
      return std::string(entry.begin < covered ? "another tensor overlaps " : "a gap precedes ") +
             in_quotes(entry.name) + ", which begins at byte " + std::to_string(entry.begin) +
             " and not at " + std::to_string(covered) + ".";
    }
    covered = entry.end;
  }
  if (covered == bytes) return "";
  return std::to_string(bytes - covered) + " bytes follow its last tensor.";
}

}  // namespace batchnorm::detail
