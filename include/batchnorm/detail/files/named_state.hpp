#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "../../state.hpp"
#include "../../tensor_names.hpp"
#include "little_endian.hpp"
#include "nearest.hpp"
#include "text.hpp"

// The state of a layer out of tensors that have names.
namespace batchnorm::detail {

/// The layers that have a running mean and a running variance: what else has a weight and a bias
/// may be any layer.
template <typename Source>
std::vector<std::string> named_layers(const Source& source, const TensorNames& names) {
  const std::string end = std::string(names.separator) + names.mean;
  std::vector<std::string> layers;
  for (const std::string& name : source.names()) {
    const bool is_whole_name = name == names.mean;
    if (!is_whole_name && !name.ends_with(end)) continue;
    const std::string layer = is_whole_name ? "" : name.substr(0, name.size() - end.size());
    if (source.has(names.of(layer, names.variance))) layers.push_back(layer);
  }
  return layers;
}

/// Of a layer of which nothing was found. Names of another system are a likely reason.
template <typename Source>
[[noreturn]] void refuse_layer(const Source& source, const std::string& layer,
                               const TensorNames& names) {
  const std::vector<std::string> layers = named_layers(source, names);
  for (const TensorNames& other : {pytorch, keras}) {
    if (!layers.empty()) break;
    const std::vector<std::string> others = named_layers(source, other);
    if (others.empty()) continue;
    refuse_file(source.file(), "has no layer with the names of " + std::string(names.system) +
                                   ", but some with those of " + other.system + ", as " +
                                   in_quotes(others.front()) + ".");
  }
  refuse_file(source.file(),
              not_found((std::string(names.system) + " layer").c_str(), layer, layers));
}

/// One value per channel, or none where the file has no such tensor.
template <typename Value, typename Source>
Eigen::Matrix<Value, Eigen::Dynamic, 1> named_vector(const Source& source,
                                                     const std::string& name) {
  if (!source.has(name)) return {};
  return source.template vector<Value>(name);
}

/// One whole number per channel, or none.
template <typename Source>
Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> named_counts(const Source& source,
                                                            const std::string& name) {
  const Eigen::VectorXd values = named_vector<double>(source, name);
  if (!values.unaryExpr([](double value) { return is_whole(value); }).all()) {
    refuse_file(source.file(),
                "its tensor " + in_quotes(name) +
                    " counts, and has a value that is no whole number of at least 0.");
  }
  return values.cast<std::int64_t>();
}

/// Refuses vectors of several lengths, and a half of the running statistics.
template <typename Scalar, typename Source>
void check_named(const State<Scalar>& state, const Source& source, const TensorNames& names,
                 const std::string& layer) {
  if ((state.running_mean.size() == 0) != (state.running_variance.size() == 0)) {
    const bool lacks_mean = state.running_mean.size() == 0;
    refuse_file(source.file(),
                "has " + in_quotes(names.of(layer, lacks_mean ? names.variance : names.mean)) +
                    ", but no " +
                    in_quotes(names.of(layer, lacks_mean ? names.mean : names.variance)) + ".");
  }
  Eigen::Index channels = 0;
  const char* first = nullptr;
  const auto check = [&](const char* name, Eigen::Index size) {
    if (size == 0) return;
    if (first == nullptr) {
      first = name;
      channels = size;
    }
    if (size == channels) return;
    refuse_file(source.file(), "has " + std::to_string(channels) + " values in " +
                                   in_quotes(names.of(layer, first)) + ", but " +
                                   std::to_string(size) + " in " +
                                   in_quotes(names.of(layer, name)) + "; are they of one layer?");
  };
  check(names.gamma, state.gamma.size());
  check(names.beta, state.beta.size());
  check(names.mean, state.running_mean.size());
  check(names.variance, state.running_variance.size());
  check(rejected_name, state.rejected.size());
  check(values_name, state.values.size());
  if (first == nullptr) refuse_layer(source, layer, names);
}

/// The state of `layer`: vectors that the file does not have are empty.
template <typename Scalar, typename Source>
State<Scalar> named_state(const Source& source, const std::string& layer,
                          const TensorNames& names) {
  const auto full = [&](const char* tensor) { return names.of(layer, tensor); };
  State<Scalar> state;
  state.gamma = named_vector<Scalar>(source, full(names.gamma));
  state.beta = named_vector<Scalar>(source, full(names.beta));
  state.running_mean = named_vector<double>(source, full(names.mean));
  state.running_variance = named_vector<double>(source, full(names.variance));
  state.rejected = named_counts(source, full(rejected_name));
  state.values = named_vector<double>(source, full(values_name));
  check_named(state, source, names, layer);
  if (source.has(full(names.batches))) state.batches = source.count(full(names.batches));
  return state;
}

}  // namespace batchnorm::detail
