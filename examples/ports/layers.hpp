// The layers of a file, whatever system wrote it.
#pragma once

#include <batchnorm/state.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ports {

/// Which of gamma and beta the layers have, where the file does not say.
enum class Affine { unknown, scale_and_shift, scale_only, shift_only, none };

/// A layer that normalises batches.
struct Layer {
  std::string name;
  std::string kind;                  ///< what the file says of it: mode, epsilon, momentum
  std::vector<std::string> notes{};  ///< what a reader should know
  std::optional<double> epsilon{},
      momentum{};                    ///< weight of the old value; none where none is there
  bool counts = true;                ///< whether the format has a counter of batches
  batchnorm::State<double> state{};  ///< exact, whatever type the file has
  std::string refusal{};             ///< why it could not be read; empty where it could
};

/// What a file holds, without its layers.
struct Content {
  std::string format;                ///< "safetensors", "ONNX", "Keras"
  std::vector<std::string> notes{};  ///< of the file as a whole
  std::size_t layers = 0;            ///< how many follow
};

/// Who takes what is read, layer by layer: a file may have more than fit into memory at once.
struct Taker {
  std::function<void(const Content&)> content;
  std::function<void(Layer)> layer;
};

/// A foreign name on a line of its own: without control characters.
std::string printable(const std::string& name);

/// A message of the library's without what all of them begin with.
std::string without_prefix(const std::string& message);

/// Reads a file by what it begins with. Throws std::exception with one sentence.
void read(const std::string& file, Affine affine, const Taker& taker);

}  // namespace ports
