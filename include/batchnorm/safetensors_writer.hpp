#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "detail/files/little_endian.hpp"
#include "detail/files/safetensors_text.hpp"
#include "replace_file.hpp"
#include "state.hpp"
#include "tensor_names.hpp"

namespace batchnorm {

/// How values of a state are stored.
enum class StoredAs {
  f64,  ///< exact, whatever the layer's scalar is
  f32   ///< half as large; running statistics are rounded
};

/// Collects tensors and writes them as a safetensors file, those of larger values first, then by
/// name.
///
///     SafetensorsWriter out;
///     out.add("encoder.bn1", norm.state(), pytorch);
///     out.save("model.safetensors");
class SafetensorsWriter {
 public:
  /// A vector, of shape [size], or a matrix, of shape [rows, columns] and in row-major order, of
  /// double, float, half, bfloat16 or 64-bit integers; expressions are evaluated. Throws
  /// `std::invalid_argument` where the name is taken, or is no UTF-8.
  template <typename Derived>
  void add(const std::string& name, const Eigen::DenseBase<Derived>& values) {
    using Shape = std::vector<std::uint64_t>;
    const auto rows = static_cast<std::uint64_t>(values.rows());
    const auto columns = static_cast<std::uint64_t>(values.cols());
    const Shape shape =
        Derived::IsVectorAtCompileTime ? Shape{rows * columns} : Shape{rows, columns};
    add(name, values, shape);
  }

  /// The same of any shape, whose values `values` has in row-major order: a tensor's, by a map of
  /// its `data()`. Throws `std::invalid_argument` where the shape has another number of values.
  template <typename Derived>
  void add(const std::string& name, const Eigen::DenseBase<Derived>& values,
           const std::vector<std::uint64_t>& shape) {
    using Value = std::remove_cv_t<typename Derived::Scalar>;
    detail::NewTensor tensor{
        .type = detail::type_of<Value>(), .value_bytes = sizeof(Value), .shape = shape};
    detail::check_shape(name, shape, static_cast<std::uint64_t>(values.size()));
    detail::write_values(tensor.bytes, values.derived().eval());
    add_tensor(name, std::move(tensor));
  }

  /// A single whole number of at least 0, I64 of shape [].
  void add_count(const std::string& name, std::int64_t count) {
    if (count < 0) {
      detail::refuse("SafetensorsWriter: a count is at least 0, got ", count, " for ",
                     detail::in_quotes(name).c_str(), ".");
    }
    detail::NewTensor tensor{.type = "I64", .value_bytes = sizeof count};
    detail::write_value(tensor.bytes, count);
    add_tensor(name, std::move(tensor));
  }

  /// The state of a layer: what it has, under these names, and always the counter, without which a
  /// plain average cannot go on. (PyTorch, loading strictly, refuses a counter where
  /// track_running_stats is False: it has none there.) All of it, or nothing where it throws.
  template <typename Scalar, int Most>
  void add(const std::string& layer, const State<Scalar, Most>& state,
           const TensorNames& names = pytorch, StoredAs stored = StoredAs::f64) {
    SafetensorsWriter own;
    own.add_values(names.of(layer, names.gamma), state.gamma, stored);
    own.add_values(names.of(layer, names.beta), state.beta, stored);
    own.add_values(names.of(layer, names.mean), state.running_mean, stored);
    own.add_values(names.of(layer, names.variance), state.running_variance, stored);
    own.add_count(names.of(layer, names.batches), state.batches);
    if (state.rejected.size() > 0 && (state.rejected.array() != 0).any()) {
      own.add(names.of(layer, rejected_name), state.rejected);
    }
    if (state.values.size() > 0) own.add(names.of(layer, values_name), state.values);
    for (const auto& [name, tensor] : own.tensors_) check_name(name);
    tensors_.merge(own.tensors_);
  }

  /// The same of a layer.
  template <typename Norm>
  requires requires(const Norm& norm) { norm.state().running_mean; }
  void add(const std::string& layer, const Norm& norm, const TensorNames& names = pytorch,
           StoredAs stored = StoredAs::f64) {
    add(layer, norm.state(), names, stored);
  }

  /// A string of `__metadata__`; Python's libraries expect "format" to be "pt" of PyTorch's
  /// tensors.
  /// Throws `std::invalid_argument` for what is no UTF-8.
  void set_metadata(const std::string& key, const std::string& value) {
    detail::check_text(key);
    detail::check_text(value);
    metadata_[key] = value;
  }

  /// The whole file.
  [[nodiscard]] std::string bytes() const { return detail::safetensors_bytes(tensors_, metadata_); }

  /// Puts it in the place of `file` in one step; see `replace_file`.
  void save(const std::filesystem::path& file) const { replace_file(file, bytes()); }

 private:
  void add_tensor(const std::string& name, detail::NewTensor tensor) {
    check_name(name);
    tensors_.emplace(name, std::move(tensor));
  }

  void check_name(const std::string& name) const {
    detail::check_text(name);
    if (name == "__metadata__") {
      detail::refuse("SafetensorsWriter: no tensor may be named __metadata__.");
    }
    if (tensors_.contains(name)) {
      detail::refuse("SafetensorsWriter: there already is a tensor ",
                     detail::in_quotes(name).c_str(), ".");
    }
  }

  template <typename Vector>
  void add_values(const std::string& name, const Vector& values, StoredAs stored) {
    if (values.size() == 0) return;
    if (stored == StoredAs::f32) {
      const auto rounded = values.template cast<float>().eval();
      if (values.allFinite() && !rounded.allFinite()) {
        detail::refuse("SafetensorsWriter: ", detail::in_quotes(name).c_str(),
                       " has a value that is infinite in F32: store F64.");
      }
      add(name, rounded);
    } else {
      add(name, values.template cast<double>().eval());
    }
  }

  std::map<std::string, detail::NewTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace batchnorm
