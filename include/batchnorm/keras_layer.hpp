#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "detail/refusal/refusal.hpp"
#include "momentum.hpp"
#include "options.hpp"

namespace batchnorm {

/// A BatchNormalization of a model, without its values.
struct KerasLayer {
  std::string name;           ///< the layer's; its path where the file has no name
  std::string path;           ///< of its group in the file
  Eigen::Index channels = 0;  ///< how many
  bool has_config = false;    ///< whether the file says what the rest of this is
  bool is_named = false;      ///< whether its variables have names, which tell scale and center
  double epsilon = 1e-3;      ///< of the configuration
  double momentum = 0.99;     ///< weight of the old value
  bool scale = true;          ///< whether it has gamma
  bool center = true;         ///< whether it has beta
  std::int64_t axis = -1;     ///< of the channels; -1 is the last
  std::vector<std::string> notes{};  ///< what a reader should know, each in a sentence

  /// Epsilon, momentum, and Keras' divisor of the running variance, M. Throws
  /// `std::invalid_argument` where the file has no configuration.
  [[nodiscard]] Options options() const {
    if (!has_config) {
      detail::refuse(
          name.c_str(),
          ": the file has no configuration: give epsilon and momentum; Keras' defaults are "
          "{.epsilon = 1e-3, .momentum = decay(0.99), .running_variance = "
          "RunningVariance::biased}.");
    }
    return {.epsilon = epsilon,
            .momentum = decay(momentum),
            .running_variance = RunningVariance::biased};
  }
};

}  // namespace batchnorm
