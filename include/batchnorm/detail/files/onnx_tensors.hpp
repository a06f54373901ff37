#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "little_endian.hpp"
#include "mapped_file.hpp"
#include "onnx_messages.hpp"
#include "text.hpp"

// The values of a tensor of ONNX, wherever the model keeps them.
namespace batchnorm::detail {

using onnx_messages::TensorProto;

/// A model's file, and the folder in which external data may lie.
struct OnnxOrigin {
  std::string file;              ///< what messages begin with
  std::filesystem::path folder;  ///< empty where the model came as bytes
};

/// How many values the extents of a tensor make; refuses those that no memory could hold.
inline std::uint64_t onnx_size(const OnnxOrigin& origin, const TensorProto& tensor) {
  constexpr std::uint64_t most = std::uint64_t{1} << 40U;
  std::uint64_t size = 1;
  for (const std::int64_t extent : tensor.dims()) {
    if (extent < 0 || (extent > 0 && size > most / static_cast<std::uint64_t>(extent))) {
      refuse_file(origin.file, "its tensor " + in_quotes(tensor.name()) + " has an extent of " +
                                   std::to_string(extent) + ".");
    }
    size *= static_cast<std::uint64_t>(extent);
  }
  return size;
}

/// A file beside the model. The format allows relative paths into the model's folder alone.
inline std::filesystem::path external_path(const OnnxOrigin& origin, const std::string& location) {
  const std::filesystem::path path(location);
  bool leaves = path.is_absolute() || path.empty();
  for (const auto& part : path) leaves = leaves || part == "..";
  if (leaves) {
    refuse_file(origin.file, "its values would be in " + in_quotes(location) +
                                 ", which is no path within the model's folder.");
  }
  if (origin.folder.empty()) {
    refuse_file(origin.file, "its values are in " + in_quotes(location) +
                                 " beside it: open the model by its path.");
  }
  return origin.folder / path;
}

inline std::uint64_t external_number(const OnnxOrigin& origin, const std::string& key,
                                     const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse_file(origin.file, "its external data have the " + key + " " + in_quotes(text) +
                                 ", which is no number.");
  }
  return number;
}

/// The bytes of a tensor's values, little-endian, in the model or in a file beside it; they are as
/// many as was `wanted`.
class OnnxBytes {
 public:
  OnnxBytes(const OnnxOrigin& origin, const TensorProto& tensor, std::uint64_t wanted) {
    if (tensor.data_location() == TensorProto::EXTERNAL) {
      open(origin, tensor, wanted);
    } else {
      view_ = tensor.raw_data();
      if (view_.size() != wanted) refuse_bytes(origin, tensor, wanted, view_.size());
    }
  }

  [[nodiscard]] std::string_view view() const { return view_; }

 private:
  void open(const OnnxOrigin& origin, const TensorProto& tensor, std::uint64_t wanted) {
    std::string location;
    std::uint64_t offset = 0;
    std::uint64_t length = wanted;
    for (const auto& entry : tensor.external_data()) {
      if (entry.key() == "location") location = entry.value();
      if (entry.key() == "offset") offset = external_number(origin, "offset", entry.value());
      if (entry.key() == "length") length = external_number(origin, "length", entry.value());
    }
    file_ = open_bytes(external_path(origin, location));
    const std::uint64_t there = file_.view.size();
    if (length != wanted || offset > there || wanted > there - offset) {
      refuse_bytes(origin, tensor, wanted, offset > there ? 0 : std::min(length, there - offset));
    }
    view_ = file_.view.substr(offset, wanted);
  }

  [[noreturn]] static void refuse_bytes(const OnnxOrigin& origin, const TensorProto& tensor,
                                        std::uint64_t wanted, std::uint64_t there) {
    refuse_file(origin.file, "its tensor " + in_quotes(tensor.name()) + " should have " +
                                 std::to_string(wanted) + " bytes, and has " +
                                 std::to_string(there) + ".");
  }

  FileBytes file_;
  std::string_view view_;
};

/// Values of one type, from bytes or from a repeated field. Room is made for them once it is known
/// that they are there.
template <typename Stored, typename Field, typename Convert>
Eigen::VectorXd values_of_type(const OnnxOrigin& origin, const TensorProto& tensor,
                               const Field& field, const Convert& convert) {
  const std::uint64_t size = onnx_size(origin, tensor);
  if (tensor.has_raw_data() || tensor.data_location() == TensorProto::EXTERNAL) {
    const OnnxBytes bytes(origin, tensor, size * sizeof(Stored));
    Eigen::VectorXd values(static_cast<Eigen::Index>(size));
    read_values<Stored>(bytes.view(), values.data());
    return values;
  }
  if (static_cast<std::uint64_t>(field.size()) != size) {
    refuse_file(origin.file, "its tensor " + in_quotes(tensor.name()) + " should have " +
                                 std::to_string(size) + " values, and has " +
                                 std::to_string(field.size()) + ".");
  }
  Eigen::VectorXd values(static_cast<Eigen::Index>(size));
  for (int i = 0; i < field.size(); ++i) values[i] = convert(field.Get(i));
  return values;
}

/// 16-bit values stand as bits in the low halves of `int32_data`.
template <typename Stored>
Eigen::VectorXd values_of_16_bits(const OnnxOrigin& origin, const TensorProto& tensor) {
  return values_of_type<Stored>(origin, tensor, tensor.int32_data(), [](std::int32_t bits) {
    return static_cast<double>(from_bits<Stored>(static_cast<std::uint16_t>(bits)));
  });
}

/// The values of a tensor of float, double, float16 or bfloat16, in row-major order.
inline Eigen::VectorXd onnx_values(const OnnxOrigin& origin, const TensorProto& tensor) {
  const auto as_double = [](auto value) { return static_cast<double>(value); };
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      return values_of_type<float>(origin, tensor, tensor.float_data(), as_double);
    case TensorProto::DOUBLE:
      return values_of_type<double>(origin, tensor, tensor.double_data(), as_double);
    case TensorProto::FLOAT16:
      return values_of_16_bits<Eigen::half>(origin, tensor);
    case TensorProto::BFLOAT16:
      return values_of_16_bits<Eigen::bfloat16>(origin, tensor);
    default:
      refuse_file(origin.file, "its tensor " + in_quotes(tensor.name()) + " is of data type " +
                                   std::to_string(tensor.data_type()) +
                                   ", and values are read from float, double, float16 and "
                                   "bfloat16.");
  }
}

}  // namespace batchnorm::detail
