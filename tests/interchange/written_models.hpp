#pragma once

#include <batchnorm/batchnorm.hpp>
#include <batchnorm/onnx_writer.hpp>
#include <string>
#include <vector>

// Models that this library writes, whose answers another runtime gave: files/written_*.onnx.
namespace written_models {

using batchnorm::BatchNorm;
using batchnorm::Eval;

/// Means of up to 1000 deviations, which a runtime that folds the mean into the shift feels.
template <typename Scalar, typename... Policies>
BatchNorm<Scalar, Eval, Policies...> layer() {
  batchnorm::State<Scalar> state;
  state.gamma = Eigen::Matrix<Scalar, 4, 1>(1, -0.5, 2, 0.75);
  state.beta = Eigen::Matrix<Scalar, 4, 1>(0, 0.25, -1, 3);
  state.running_mean = Eigen::Vector4d(0, 3, -20, 1000);
  state.running_variance = Eigen::Vector4d(1, 0.25, 4, 1);
  return BatchNorm<Scalar, Eval, Policies...>(state, {.epsilon = 0x1p-10});
}

struct Written {
  const char* name;
  std::string bytes;
};

inline std::vector<Written> all() {
  return {{"written_float", onnx_model(layer<float>())},
          {"written_double", onnx_model(layer<double>(), 4)},
          {"written_relu", onnx_model(layer<float, batchnorm::ReLU>(), 3)},
          {"written_leaky", onnx_model(layer<float, batchnorm::LeakyReLU<>>())}};
}

}  // namespace written_models
