// Evaluates the network of the digits with the BatchNorms that examples/port converted, and
// compares with what the systems that they come from answered:
//
//     network_check FOLDER     with pytorch.safetensors, onnx.safetensors and keras.safetensors
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/safetensors.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "json_file.hpp"

namespace {

using namespace interchange;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Safetensors;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The linear layers around a BatchNorm.
struct Linears {
  Matrix first, last;  // (inputs, outputs)
  Eigen::RowVectorXf bias;
};

Linears of_pytorch() {
  const auto file = Safetensors::open(path_of("digits.safetensors"));
  return {.first = file.matrix<float>("0.weight").transpose(),  // (outputs, inputs) there
          .last = file.matrix<float>("3.weight").transpose(),
          .bias = file.vector<float>("3.bias").transpose()};
}

Linears of_keras() {
  const auto json = json_of("digits_keras.json");
  return {.first = matrix_of(json.at("first_kernel")).cast<float>(),
          .last = matrix_of(json.at("last_kernel")).cast<float>(),
          .bias = vector_of(json.at("last_bias")).cast<float>().transpose()};
}

/// Prints the largest difference of the logits; returns whether it is within 16 roundoffs (2^-24)
/// of the largest logit.
bool compare(const char* system, const std::string& converted, const char* layer,
             const Linears& linears, const nlohmann::json& inputs, const nlohmann::json& answers) {
  const auto file = Safetensors::open(converted);
  const BatchNorm<float, Eval, batchnorm::ReLU> norm(
      file.state(layer, batchnorm::pytorch), {.epsilon = inputs.at("epsilon").get<double>()});
  const Matrix images = matrix_of(inputs.at("images")).cast<float>();
  const Eigen::MatrixXd expected = matrix_of(answers.at("logits"));
  const Matrix hidden = norm.forward(Matrix(images * linears.first));
  const Matrix logits = (hidden * linears.last).rowwise() + linears.bias;
  const double difference = (logits.cast<double>() - expected).cwiseAbs().maxCoeff();
  const double largest = expected.cwiseAbs().maxCoeff();
  const double roundoffs = difference / (largest * 0x1p-24);
  std::printf("%-13s largest logit %.2f, largest difference %.1e: %.1f roundoffs\n", system,
              largest, difference, roundoffs);
  return roundoffs < 16;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: network_check FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  try {
    const auto digits = json_of("digits.json");
    const auto keras = json_of("digits_keras.json");
    const bool pytorch_agrees =
        compare("PyTorch", folder + "/pytorch.safetensors", "1", of_pytorch(), digits, digits);
    const bool onnx_agrees =
        compare("ONNX Runtime", folder + "/onnx.safetensors", "/1/BatchNormalization", of_pytorch(),
                digits, json_of("digits_onnxruntime.json"));
    const bool keras_agrees = compare("formula", folder + "/keras.safetensors",
                                      "batch_normalization", of_keras(), keras, keras);
    return pytorch_agrees && onnx_agrees && keras_agrees ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
