#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <string>

#include "blocks/tensors.hpp"

// Linear -> BatchNorm1d -> ReLU with weights from PyTorch and from Keras: the same answers as
// there, and the same step when training goes on. blocks/export_pytorch.py and export_keras.py made
// the files.

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

void expect_same(Block block, const Tensors& file, const std::string& mean,
                 const std::string& variance) {
  const Matrix z = block.linear(file.matrix("x"));
  const BatchNorm1d<float, Eval, ReLU> deployed(block.norm);
  EXPECT_LT(difference(deployed.forward(z), file.matrix("y")), 32);
  EXPECT_LT(difference(block.norm.forward(z), file.matrix("trained.y")), 32);
  EXPECT_LT(difference(block.norm.running_mean().cast<float>(), file.vector("trained." + mean)),
            32);
  EXPECT_LT(
      difference(block.norm.running_variance().cast<float>(), file.vector("trained." + variance)),
      32);
}

TEST(Blocks, OfPyTorchAnswerAndLearnAsThere) {
  const Tensors file(BATCHNORM_INTERCHANGE "/blocks/pytorch.txt");
  expect_same(from_pytorch(file), file, "1.running_mean", "1.running_var");
}

TEST(Blocks, OfKerasAnswerAndLearnAsThere) {
  const Tensors file(BATCHNORM_INTERCHANGE "/blocks/keras.txt");
  expect_same(from_keras(file), file, "moving_mean", "moving_variance");
}

}  // namespace
