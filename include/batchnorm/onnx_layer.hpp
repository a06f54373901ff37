#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "momentum.hpp"
#include "options.hpp"

namespace batchnorm {

/// What a BatchNormalization of a model does when the model runs.
enum class OnnxMode {
  inference,  ///< normalises with its running statistics
  training    ///< normalises with the batch, and gives new running statistics
};

/// A BatchNormalization of a model, without its values.
struct OnnxLayer {
  std::string name;                     ///< the node's, or its first output's
  OnnxMode mode = OnnxMode::inference;  ///< by opset, attributes and outputs
  double epsilon = 1e-5;                ///< as the file has it: a float
  double momentum = 0.9;                ///< weight of the old value
  std::vector<std::int64_t> shape{};    ///< of its parameters: channels, or with spatial=0 (C, ...)
  bool has_statistics = true;           ///< whether mean and variance stand in the file
  std::vector<std::string> notes{};     ///< what a reader should know, each in a sentence

  /// Epsilon, momentum, and the divisor that ONNX has for the running variance of training, M.
  /// Throws `std::invalid_argument` where the momentum is not in [0, 1].
  [[nodiscard]] Options options() const {
    return {.epsilon = epsilon,
            .momentum = decay(momentum),
            .running_variance = RunningVariance::biased};
  }
};

}  // namespace batchnorm
