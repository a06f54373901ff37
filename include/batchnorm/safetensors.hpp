#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detail/files/files.hpp"
#include "detail/files/safetensors_data.hpp"
#include "safetensors_writer.hpp"
#include "state.hpp"
#include "tensor_names.hpp"

// Weights in safetensors, the format of huggingface.co/docs/safetensors: a header in JSON, and the
// values, little-endian. Needs nlohmann/json (Debian: nlohmann-json3-dev). Opt-in: batchnorm.hpp
// does not include this header.
namespace batchnorm {

/// A tensor of a file, without its values.
struct TensorInfo {
  std::string name;                  ///< as the file has it
  std::string type;                  ///< "F64", "F32", "F16", "BF16", "I64", ...
  std::vector<std::uint64_t> shape;  ///< empty for a single value
};

/// A safetensors file, read strictly: gaps, overlaps, trailing bytes, names that come twice,
/// lengths and shapes that do not fit, or a header of more than 100,000,000 bytes are refused, each
/// with `std::invalid_argument`. A copy is the same file.
///
///     const auto file = Safetensors::open("model.safetensors");
///     const BatchNorm<float, Eval> norm(file.state("encoder.bn1", pytorch), {.epsilon = 1e-5});
///
/// Epsilon and momentum stand in no such file: they are those of the code that trained.
class Safetensors {
 public:
  /// Maps a file: what is not asked for is not read. Until the last copy is gone, nobody may
  /// shorten the file.
  [[nodiscard]] static Safetensors open(const std::filesystem::path& file) {
    return {file.string(), detail::open_bytes(file)};
  }

  /// The bytes of a file, of which messages speak as `name`.
  [[nodiscard]] static Safetensors read(std::string bytes, std::string name = "safetensors") {
    return {std::move(name), detail::owned_bytes(std::move(bytes))};
  }

  /// What messages begin with.
  [[nodiscard]] const std::string& file() const { return file_; }

  /// All tensors, in the order of their values in the file.
  [[nodiscard]] std::vector<TensorInfo> tensors() const {
    std::vector<TensorInfo> all;
    for (const detail::TensorEntry& entry : content_.header.tensors) {
      all.push_back({entry.name, entry.type, entry.shape});
    }
    return all;
  }

  /// Their names.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const detail::TensorEntry& entry : content_.header.tensors) all.push_back(entry.name);
    return all;
  }

  /// The strings of `__metadata__`.
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const {
    return content_.header.metadata;
  }

  /// Whether there is a tensor of this name.
  [[nodiscard]] bool has(const std::string& name) const { return content_.places.contains(name); }

  /// The values of a tensor of any shape, in row-major order, of type F64, F32, F16, BF16 or I64,
  /// converted to `Scalar`: double, float, half or bfloat16, or `std::int64_t` of I64 alone.
  template <typename Scalar>
  [[nodiscard]] Eigen::Matrix<Scalar, Eigen::Dynamic, 1> values(const std::string& name) const {
    const detail::TensorEntry& entry = find(name);
    detail::check_type<Scalar>(file_, entry);
    Eigen::Matrix<Scalar, Eigen::Dynamic, 1> values(size_of(entry));
    read_into(entry, values.data());
    return values;
  }

  /// The same of a tensor of rank 1.
  template <typename Scalar>
  [[nodiscard]] Eigen::Matrix<Scalar, Eigen::Dynamic, 1> vector(const std::string& name) const {
    check_rank(find(name), 1);
    return values<Scalar>(name);
  }

  /// The same of a tensor of rank 2.
  template <typename Scalar>
  [[nodiscard]] Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix(
      const std::string& name) const {
    const detail::TensorEntry& entry = find(name);
    check_rank(entry, 2);
    detail::check_type<Scalar>(file_, entry);
    Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> values(
        static_cast<Eigen::Index>(entry.shape[0]), static_cast<Eigen::Index>(entry.shape[1]));
    read_into(entry, values.data());
    return values;
  }

  /// A single number that counts: of shape [] or [1], whole and at least 0.
  [[nodiscard]] std::int64_t count(const std::string& name) const {
    const detail::TensorEntry& entry = find(name);
    return detail::count_of(file_, entry, content_.bytes_of(entry));
  }

  /// The layers that have a running mean and a running variance under these names. One without
  /// running statistics has nothing that tells it from other layers with a weight and a bias; it
  /// can be read by its name.
  [[nodiscard]] std::vector<std::string> layers(const TensorNames& names = pytorch) const {
    return detail::named_layers(*this, names);
  }

  /// The state of a layer, whose parameters are converted to `Scalar`. What the file does not have
  /// is empty, as for layers without gamma and beta or without running statistics; `batches` is 0
  /// where it has no counter. Refuses a name that is not there, with the nearest that is.
  template <typename Scalar = float>
  [[nodiscard]] State<Scalar> state(const std::string& layer,
                                    const TensorNames& names = pytorch) const {
    return detail::named_state<Scalar>(*this, layer, names);
  }

 private:
  Safetensors(std::string file, detail::FileBytes bytes)
      : file_(std::move(file)), bytes_(std::move(bytes)), content_(file_, bytes_.view) {}

  [[nodiscard]] const detail::TensorEntry& find(const std::string& name) const {
    const auto found = content_.places.find(name);
    if (found == content_.places.end()) {
      detail::refuse_file(file_, detail::not_found("tensor", name, names()));
    }
    return content_.header.tensors[found->second];
  }

  static Eigen::Index size_of(const detail::TensorEntry& entry) {
    return static_cast<Eigen::Index>((entry.end - entry.begin) * 8 /
                                     detail::bits_of_type(entry.type));
  }

  void check_rank(const detail::TensorEntry& entry, std::size_t rank) const {
    const bool fits = std::all_of(entry.shape.begin(), entry.shape.end(), [](std::uint64_t extent) {
      return extent <= static_cast<std::uint64_t>(std::numeric_limits<Eigen::Index>::max());
    });
    if (entry.shape.size() == rank && fits) return;
    detail::refuse_file(file_, "its tensor " + detail::in_quotes(entry.name) + " is " +
                                   entry.description() + ", where one of rank " +
                                   std::to_string(rank) + " is expected" +
                                   (rank == 1 ? ": one value per channel." : "."));
  }

  template <typename Scalar>
  void read_into(const detail::TensorEntry& entry, Scalar* values) const {
    detail::read_tensor(entry, content_.bytes_of(entry), values);
  }

  std::string file_;
  detail::FileBytes bytes_;
  detail::SafetensorsContent content_;
};

}  // namespace batchnorm
