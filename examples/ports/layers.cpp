#include "layers.hpp"

#include <batchnorm/batchnorm.hpp>
#include <batchnorm/safetensors.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#if defined(PORTS_ONNX)
#include <batchnorm/onnx.hpp>
#endif
#if defined(PORTS_KERAS)
#include <batchnorm/keras.hpp>
#endif

namespace ports {
namespace {

using batchnorm::State;

/// The shortest decimals.
std::string text_of(double value) {
  char text[32];  // NOLINT(cppcoreguidelines-avoid-c-arrays)
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Refuses what no layer takes.
void check(const State<double>& state) {
  const bool fits = state.gamma.allFinite() && state.beta.allFinite() &&
                    state.running_mean.allFinite() && state.running_variance.allFinite() &&
                    (state.running_variance.array() >= 0.0).all();
  if (!fits) {
    throw std::invalid_argument("has values that are not finite, or a negative running variance");
  }
}

/// Adds a layer, or why it cannot be read.
template <typename Read>
void add(Content& content, Layer layer, const Read& read) {
  try {
    layer.state = read();
    check(layer.state);
  } catch (const std::invalid_argument& error) {
    layer.refusal = without_prefix(error.what());
  }
  content.layers.push_back(std::move(layer));
}

Content read_safetensors(const std::string& file) {
  const auto tensors = batchnorm::Safetensors::open(file);
  Content content{.format = "safetensors"};
  for (const batchnorm::TensorNames& names : {batchnorm::pytorch, batchnorm::keras}) {
    for (const std::string& name : tensors.layers(names)) {
      Layer layer{.name = name, .kind = std::string("names of ") + names.system};
      add(content, std::move(layer), [&] { return tensors.state<double>(name, names); });
    }
  }
  return content;
}

#if defined(PORTS_ONNX)
Content read_onnx(const std::string& file) {
  const auto model = batchnorm::OnnxModel::open(file);
  Content content{.format = "ONNX", .notes = model.notes()};
  for (const batchnorm::OnnxLayer& found : model.layers()) {
    const bool trains = found.mode == batchnorm::OnnxMode::training;
    Layer layer{.name = found.name,
                .kind = std::string(trains ? "training" : "inference") + ", epsilon " +
                        text_of(found.epsilon) + ", momentum " + text_of(found.momentum),
                .notes = found.notes,
                .epsilon = found.epsilon,
                .momentum = found.momentum,
                .counts = false};
    add(content, std::move(layer), [&] { return model.state<double>(found.name); });
  }
  return content;
}
#endif

#if defined(PORTS_KERAS)
State<double> state_of(const batchnorm::KerasModel& model, const std::string& name, Affine affine) {
  switch (affine) {
    case Affine::scale_and_shift:
      return model.state<double>(name, batchnorm::ScaleAndShift{});
    case Affine::scale_only:
      return model.state<double>(name, batchnorm::ScaleOnly{});
    case Affine::shift_only:
      return model.state<double>(name, batchnorm::ShiftOnly{});
    case Affine::none:
      return model.state<double>(name, batchnorm::NoAffine{});
    case Affine::unknown:
      break;
  }
  return model.state<double>(name);
}

Content read_keras(const std::string& file, Affine affine) {
  const auto model = batchnorm::KerasModel::open(file);
  Content content{.format = "Keras", .notes = model.notes()};
  for (const batchnorm::KerasLayer& found : model.layers()) {
    Layer layer{.name = found.name,
                .kind = found.has_config ? "epsilon " + text_of(found.epsilon) + ", momentum " +
                                               text_of(found.momentum)
                                         : "no configuration",
                .notes = found.notes,
                .counts = false};
    if (found.has_config) {
      layer.epsilon = found.epsilon;
      layer.momentum = found.momentum;
    }
    if (!found.has_config && !found.is_named && affine == Affine::unknown) {
      layer.refusal = file + ": does not say what the variables of " + found.name +
                      " are: take the .keras file, or say it with --affine";
      content.layers.push_back(std::move(layer));
      continue;
    }
    add(content, std::move(layer), [&] { return state_of(model, found.path, affine); });
  }
  return content;
}
#endif

std::string beginning(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(9, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace

std::string printable(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return text;
}

std::string without_prefix(const std::string& message) {
  constexpr std::string_view prefix = "BatchNorm: ";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

Content read(const std::string& file, Affine affine) {
  const std::string bytes = beginning(file);
  const bool is_keras = bytes.starts_with("PK") || bytes.starts_with("\x89HDF");
  // A safetensors file has a brace behind the length of its header.
  if (bytes[8] == '{') return read_safetensors(file);
#if defined(PORTS_KERAS)
  if (is_keras) return read_keras(file, affine);
#else
  (void)affine;
#endif
#if defined(PORTS_ONNX)
  if (!is_keras) return read_onnx(file);
#endif
  throw std::runtime_error(
      file + ": reading " + (is_keras ? "Keras' files" : "ONNX") +
      " needs a library that was missing when this program was built (Debian: apt-get install " +
      (is_keras ? "libhdf5-dev libzip-dev)" : "libonnx-dev libprotobuf-dev)"));
}

}  // namespace ports
