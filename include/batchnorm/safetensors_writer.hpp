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

/// Collects tensors and writes them as a safetensors file, sorted as the format's own writer sorts
/// them: by the size of their values, then by name.
///
///     SafetensorsWriter out;
///     out.add("encoder.bn1", norm.state(), pytorch);
///     out.save("model.safetensors");
class SafetensorsWriter {
 public:
  /// A vector, of shape [size], or a matrix, of shape [rows, columns] and in row-major order, of
  /// double, float, half, bfloat16 or 64-bit integers. Throws `std::invalid_argument` where the
  /// name is taken.
  template <typename Derived>
  void add(const std::string& name, const Eigen::DenseBase<Derived>& values) {
    using Value = std::remove_cv_t<typename Derived::Scalar>;
    detail::NewTensor tensor{.type = detail::type_of<Value>(), .value_bytes = sizeof(Value)};
    if (Derived::IsVectorAtCompileTime) {
      tensor.shape = {static_cast<std::uint64_t>(values.size())};
    } else {
      tensor.shape = {static_cast<std::uint64_t>(values.rows()),
                      static_cast<std::uint64_t>(values.cols())};
    }
    for (Eigen::Index row = 0; row < values.rows(); ++row) {
      for (Eigen::Index column = 0; column < values.cols(); ++column) {
        detail::write_value<Value>(tensor.bytes, values.derived().coeff(row, column));
      }
    }
    add_tensor(name, std::move(tensor));
  }

  /// A single whole number, I64 of shape [].
  void add_count(const std::string& name, std::int64_t count) {
    detail::NewTensor tensor{.type = "I64", .value_bytes = sizeof count};
    detail::write_value(tensor.bytes, count);
    add_tensor(name, std::move(tensor));
  }

  /// The state of a layer: what it has, under these names, and always the counter, without which a
  /// plain average cannot go on. (PyTorch, loading strictly, refuses a counter where
  /// track_running_stats is False: it has none there.)
  template <typename Scalar, int Most>
  void add(const std::string& layer, const State<Scalar, Most>& state, const TensorNames& names,
           StoredAs stored = StoredAs::f64) {
    add_values(names.of(layer, names.gamma), state.gamma, stored);
    add_values(names.of(layer, names.beta), state.beta, stored);
    add_values(names.of(layer, names.mean), state.running_mean, stored);
    add_values(names.of(layer, names.variance), state.running_variance, stored);
    add_count(names.of(layer, names.batches), state.batches);
    if (state.rejected.size() > 0 && (state.rejected.array() != 0).any()) {
      add(names.of(layer, rejected_name), state.rejected);
    }
    if (state.values.size() > 0) add(names.of(layer, values_name), state.values);
  }

  /// A string of `__metadata__`; Python's libraries expect "format" to be "pt" of PyTorch's
  /// tensors.
  void set_metadata(const std::string& key, const std::string& value) { metadata_[key] = value; }

  /// The whole file.
  [[nodiscard]] std::string bytes() const { return detail::safetensors_bytes(tensors_, metadata_); }

  /// Puts it in the place of `file` in one step; see `replace_file`.
  void save(const std::filesystem::path& file) const { replace_file(file, bytes()); }

 private:
  void add_tensor(const std::string& name, detail::NewTensor tensor) {
    if (name == "__metadata__") {
      detail::refuse("SafetensorsWriter: no tensor may be named __metadata__.");
    }
    if (!tensors_.emplace(name, std::move(tensor)).second) {
      detail::refuse("SafetensorsWriter: there already is a tensor ",
                     detail::in_quotes(name).c_str(), ".");
    }
  }

  template <typename Vector>
  void add_values(const std::string& name, const Vector& values, StoredAs stored) {
    if (values.size() == 0) return;
    if (stored == StoredAs::f32) {
      add(name, values.template cast<float>().eval());
    } else {
      add(name, values.template cast<double>().eval());
    }
  }

  std::map<std::string, detail::NewTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace batchnorm
