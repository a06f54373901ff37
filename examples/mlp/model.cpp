// Models as safetensors: tensors have the names that PyTorch has for a Sequential of the same
// layers, and what such files have no tensor for stands as metadata.
#include "model.hpp"

#include <zlib.h>

#include <batchnorm/safetensors.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "format.hpp"
#include "model_of_before.hpp"
#include "names.hpp"

namespace mlp {
namespace {

namespace fs = std::filesystem;
using batchnorm::Safetensors;
using batchnorm::SafetensorsWriter;
using batchnorm::Train;
using Linear = nn::Linear<float>;
using Norm = batchnorm::BatchNorm<float, Train>;
using Metadata = std::map<std::string, std::string>;

constexpr const char* kFormat = "batchnorm mlp 3";

std::string exact(double value) { return format("%.17g", value); }

std::string widths_text(const std::vector<Index>& widths) {
  std::string text;
  for (const Index width : widths) text += (text.empty() ? "" : ",") + std::to_string(width);
  return text;
}

Metadata metadata_of(const Model& model) {
  const Architecture& architecture = model.architecture;
  return {{"format", "pt"},
          {"model", kFormat},
          {"inputs", std::to_string(architecture.inputs)},
          {"hidden", widths_text(architecture.hidden)},
          {"classes", std::to_string(architecture.classes)},
          {"activation", name(architecture.activation)},
          {"norm", short_name(architecture.placement)},
          {"epsilon", exact(architecture.norm.epsilon)},
          {"momentum", exact(architecture.norm.momentum.old_weight(1))},
          {"dropout", exact(architecture.dropout)},
          {"dropout_seed", std::to_string(architecture.dropout_seed)},
          {"pixel_mean", exact(model.scaling.mean)},
          {"pixel_inverse_deviation", exact(model.scaling.inverse_deviation)}};
}

/// Activations and dropout have nothing to keep.
template <typename Layer>
void add(SafetensorsWriter&, const std::string&, const Layer&) {}

/// PyTorch's weight is (outputs, inputs).
void add(SafetensorsWriter& out, const std::string& layer, const Linear& linear) {
  out.add(layer + ".weight", linear.weights().transpose().eval());
  if (linear.bias().size() > 0) out.add(layer + ".bias", linear.bias());
}

void add(SafetensorsWriter& out, const std::string& layer, const Norm& norm) {
  out.add(layer, norm.state(), batchnorm::pytorch);
}

/// As the BatchNorm that it is in inference.
void add(SafetensorsWriter& out, const std::string& layer, const nn::GhostNorm<float>& ghost) {
  add(out, layer, ghost.norm());
}

/// The metadata of a file, each value asked for by its key.
class Settled {
 public:
  explicit Settled(const Metadata& values) : values_(values) {}

  const std::string& text(const char* key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) fail(key);
    return found->second;
  }

  template <typename Number>
  Number number(const char* key, Number least, Number most) const {
    return number_of(key, text(key), least, most);
  }

  std::vector<Index> widths(const char* key, Index most) const {
    constexpr std::size_t kMostLayers = 1 << 12;
    std::vector<Index> all;
    std::string_view rest = text(key);
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      all.push_back(number_of(key, rest.substr(0, comma), Index{1}, most));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      if (all.size() > kMostLayers) fail(key);
    }
    return all;
  }

  /// The value whose name stands there.
  template <typename Value>
  Value choice(const char* key, std::initializer_list<Value> values,
               const char* (*name_of)(Value)) const {
    for (const Value value : values) {
      if (text(key) == name_of(value)) return value;
    }
    fail(key);
  }

 private:
  template <typename Number>
  static Number number_of(const char* key, std::string_view text, Number least, Number most) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool fits = value >= least && value <= most;
    if (error != std::errc() || end != text.data() + text.size() || !fits) fail(key);
    return value;
  }

  [[noreturn]] static void fail(const char* key) {
    throw std::runtime_error(std::string("was not written by --save: its metadata have no right ") +
                             key);
  }

  const Metadata& values_;
};

Architecture architecture_of(const Settled& settled) {
  constexpr Index kMostWidth = 1 << 24;
  constexpr double kMost = std::numeric_limits<double>::max();
  Architecture architecture;
  architecture.inputs = settled.number("inputs", Index{1}, kMostWidth);
  architecture.hidden = settled.widths("hidden", kMostWidth);
  architecture.classes = settled.number("classes", Index{1}, kMostWidth);
  architecture.activation =
      settled.choice("activation", {Activation::sigmoid, Activation::relu}, &name);
  architecture.placement = settled.choice(
      "norm", {Placement::none, Placement::before_activation, Placement::after_activation},
      &short_name);
  architecture.norm.epsilon = settled.number("epsilon", 0.0, kMost);
  architecture.norm.momentum = batchnorm::decay(settled.number("momentum", 0.0, 1.0));
  architecture.dropout = settled.number("dropout", 0.0, 1.0);
  architecture.dropout_seed = settled.number("dropout_seed", std::uint64_t{0}, ~std::uint64_t{0});
  return architecture;
}

template <typename Layer>
void read(const Safetensors&, const std::string&, Layer&) {}

void read(const Safetensors& file, const std::string& layer, Linear& linear) {
  const nn::Matrix<float> weights = file.matrix<float>(layer + ".weight");
  if (weights.rows() != linear.weights().cols() || weights.cols() != linear.weights().rows()) {
    throw std::runtime_error("its weights do not fit its widths");
  }
  linear.weights() = weights.transpose();
  if (linear.bias().size() == 0) return;
  const Eigen::VectorXf bias = file.vector<float>(layer + ".bias");
  if (bias.size() != linear.bias().size()) {
    throw std::runtime_error("its biases do not fit its widths");
  }
  linear.bias() = bias.transpose();
}

void read(const Safetensors& file, const std::string& layer, Norm& norm) {
  norm.set_state(file.state(layer, batchnorm::pytorch));
}

/// How many bytes of weights a file can have for the widths that it claims.
void check_size(const Architecture& architecture, std::size_t bytes) {
  if (count_weights(architecture) * sizeof(float) > static_cast<double>(bytes)) {
    throw std::runtime_error("its widths ask for more weights than it has");
  }
}

std::string checksum_of(const std::string& bytes) {
  return std::to_string(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

SafetensorsWriter writer_of(const Model& model) {
  SafetensorsWriter out;
  for (const auto& [key, value] : metadata_of(model)) out.set_metadata(key, value);
  const auto& layers = model.network.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::visit([&](const auto& part) { add(out, std::to_string(i), part); }, layers[i]);
  }
  out.set_metadata("checksum", checksum_of(out.bytes()));
  return out;
}

/// What comes back must be what would be written, its checksum too: no byte can have changed.
Model model_of(const std::string& bytes) {
  const auto file = Safetensors::read(bytes, "as safetensors");
  const Settled settled(file.metadata());
  if (settled.text("model") != kFormat) throw std::runtime_error("is no model that --save wrote");
  constexpr double kMost = std::numeric_limits<double>::max();
  const Architecture architecture = architecture_of(settled);
  check_size(architecture, bytes.size());
  Model model{architecture,
              {settled.number("pixel_mean", -kMost, kMost),
               settled.number("pixel_inverse_deviation", -kMost, kMost)},
              Mlp<Train>(architecture, nn::Random(0, 0))};
  auto& layers = model.network.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::visit([&](auto& part) { read(file, std::to_string(i), part); }, layers[i]);
  }
  if (writer_of(model).bytes() != bytes) {
    throw std::runtime_error("was altered since it was saved: it is not what would be written");
  }
  return model;
}

std::string read_file(const fs::path& file) {
  if (fs::is_directory(file)) throw std::runtime_error("is a folder");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(std::string("cannot be opened: ") + std::strerror(errno));
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) throw std::runtime_error(std::string("cannot be read: ") + std::strerror(errno));
  return bytes;
}

/// Without what all messages of the library, and those of its bytes, begin with.
std::string reason_of(const std::exception& error) {
  std::string_view reason = error.what();
  for (const std::string_view prefix : {"BatchNorm: ", "as safetensors: "}) {
    if (reason.starts_with(prefix)) reason.remove_prefix(prefix.size());
  }
  return std::string(reason);
}

}  // namespace

void save_model(const fs::path& file, const Model& model) { writer_of(model).save(file); }

Model load_model(const fs::path& file) {
  try {
    const std::string bytes = read_file(file);
    if (is_model_of_before(bytes)) return model_of_before(bytes);
    return model_of(bytes);
  } catch (const std::exception& error) {
    throw std::runtime_error(file.string() + ": " + reason_of(error));
  }
}

}  // namespace mlp
