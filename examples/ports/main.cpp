// Linear -> BatchNorm1d -> ReLU with weights from PyTorch and from Keras: the same answers as
// there, and the same step when training goes on. export_pytorch.py and export_keras.py made the
// files.

#include <batchnorm/batchnorm.hpp>
#include <cstdio>

#include "tensors.hpp"

namespace {

using namespace example;
using namespace batchnorm;

using Norm = BatchNorm1d<float, Train, ReLU>;

struct Block {
  Matrix weight;  // (inputs, outputs)
  Eigen::RowVectorXf bias;
  Norm norm;

  Matrix linear(const Matrix& x) const { return (x * weight).rowwise() + bias; }
};

Block from_pytorch(const Tensors& file) {
  const State<float> state{
      .gamma = file.vector("1.weight"),
      .beta = file.vector("1.bias"),
      .running_mean = file.vector("1.running_mean").cast<double>(),
      .running_variance = file.vector("1.running_var").cast<double>(),
      .batches = static_cast<std::int64_t>(file.vector("1.num_batches_tracked")[0])};
  const Options options{.epsilon = 1e-5, .momentum = new_weight(0.1)};
  return {.weight = file.matrix("0.weight").transpose(),  // (outputs, inputs) there
          .bias = file.vector("0.bias"),
          .norm = Norm(state, options)};
}

Block from_keras(const Tensors& file) {
  const State<float> state{.gamma = file.vector("gamma"),
                           .beta = file.vector("beta"),
                           .running_mean = file.vector("moving_mean").cast<double>(),
                           .running_variance = file.vector("moving_variance").cast<double>()};
  const Options options{
      .epsilon = 1e-3, .momentum = decay(0.99), .running_variance = RunningVariance::biased};
  return {.weight = file.matrix("kernel"),  // (inputs, outputs) there too
          .bias = file.vector("bias"),
          .norm = Norm(state, options)};
}

/// The largest difference, in roundoffs (2^-24) of the largest value.
double difference(const Matrix& a, const Matrix& b) {
  return static_cast<double>((a - b).cwiseAbs().maxCoeff() / b.cwiseAbs().maxCoeff()) * 0x1p24;
}

/// Prints how far the block is from what the file says; returns whether that is rounding.
bool compare(const char* name, Block block, const Tensors& file, const std::string& mean,
             const std::string& variance) {
  const Matrix z = block.linear(file.matrix("x"));
  const BatchNorm1d<float, Eval, ReLU> deployed(block.norm);
  const double inference = difference(deployed.forward(z), file.matrix("y"));
  const double training = difference(block.norm.forward(z), file.matrix("trained.y"));
  const double means =
      difference(block.norm.running_mean().cast<float>(), file.vector("trained." + mean));
  const double variances =
      difference(block.norm.running_variance().cast<float>(), file.vector("trained." + variance));
  std::printf("%-9s %9.1f %10.1f %14.1f %18.1f\n", name, inference, training, means, variances);
  return inference < 32 && training < 32 && means < 32 && variances < 32;
}

}  // namespace

int main() {
  const Tensors pytorch(EXAMPLE_FOLDER "/pytorch.txt"), keras(EXAMPLE_FOLDER "/keras.txt");
  std::printf(
      "Largest difference to what was computed there, in roundoffs of the largest value\n\n");
  std::printf("from      inference   training   running mean   running variance\n");
  const bool first =
      compare("PyTorch", from_pytorch(pytorch), pytorch, "1.running_mean", "1.running_var");
  const bool second = compare("Keras", from_keras(keras), keras, "moving_mean", "moving_variance");
  return first && second ? 0 : 1;
}
