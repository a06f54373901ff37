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

/// Gives a layer, or why it cannot be read.
template <typename Read>
void give(const Taker& taker, Layer layer, const Read& read) {
  try {
    layer.state = read();
    check(layer.state);
  } catch (const std::invalid_argument& error) {
    layer.refusal = without_prefix(error.what());
  }
  taker.layer(std::move(layer));
}

void read_safetensors(const std::string& file, const Taker& taker) {
  const auto tensors = batchnorm::Safetensors::open(file);
  const std::vector<std::string> pytorch = tensors.layers(batchnorm::pytorch);
  const std::vector<std::string> keras = tensors.layers(batchnorm::keras);
  taker.content({.format = "safetensors", .layers = pytorch.size() + keras.size()});
  const auto give_all = [&](const std::vector<std::string>& layers,
                            const batchnorm::TensorNames& names) {
    for (const std::string& name : layers) {
      give(taker, {.name = name, .kind = std::string("names of ") + names.system},
           [&] { return tensors.state<double>(name, names); });
    }
  };
  give_all(pytorch, batchnorm::pytorch);
  give_all(keras, batchnorm::keras);
}

#if defined(PORTS_ONNX)
void read_onnx(const std::string& file, const Taker& taker) {
  const auto model = batchnorm::OnnxModel::open(file);
  const std::vector<batchnorm::OnnxLayer> layers = model.layers();
  taker.content({.format = "ONNX", .notes = model.notes(), .layers = layers.size()});
  for (const batchnorm::OnnxLayer& found : layers) {
    const bool trains = found.mode == batchnorm::OnnxMode::training;
    Layer layer{.name = found.name,
                .kind = std::string(trains ? "training" : "inference") + ", epsilon " +
                        text_of(found.epsilon) + ", momentum " + text_of(found.momentum),
                .notes = found.notes,
                .epsilon = found.epsilon,
                .momentum = found.momentum,
                .counts = false};
    give(taker, std::move(layer), [&] { return model.state<double>(found.name); });
  }
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

void read_keras(const std::string& file, Affine affine, const Taker& taker) {
  const auto model = batchnorm::KerasModel::open(file);
  const std::vector<batchnorm::KerasLayer> layers = model.layers();
  taker.content({.format = "Keras", .notes = model.notes(), .layers = layers.size()});
  for (const batchnorm::KerasLayer& found : layers) {
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
      taker.layer(std::move(layer));
      continue;
    }
    give(taker, std::move(layer), [&] { return state_of(model, found.path, affine); });
  }
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

void read(const std::string& file, Affine affine, const Taker& taker) {
  const std::string bytes = beginning(file);
  const bool is_keras = bytes.starts_with("PK") || bytes.starts_with("\x89HDF");
  // A safetensors file has a brace behind the length of its header.
  if (bytes[8] == '{') return read_safetensors(file, taker);
#if defined(PORTS_KERAS)
  if (is_keras) return read_keras(file, affine, taker);
#else
  (void)affine;
#endif
#if defined(PORTS_ONNX)
  if (!is_keras) return read_onnx(file, taker);
#endif
  throw std::runtime_error(
      file + ": reading " + (is_keras ? "Keras' files" : "ONNX") +
      " needs a library that was missing when this program was built (Debian: apt-get install " +
      (is_keras ? "libhdf5-dev libzip-dev)" : "libonnx-dev libprotobuf-dev)"));
}

}  // namespace ports
