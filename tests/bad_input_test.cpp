#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "fixtures.hpp"

// What is wrong is refused with what came, what was expected and the likely cure, and the layer is
// exactly as before: parameters, gradients, running statistics, counter, and the forward that a
// backward may still follow.

namespace {

using namespace fixtures;
using batchnorm::accumulate, batchnorm::residual;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;
using Matrix = MatrixOf<float, Eigen::RowMajor>;
using Tensor = Eigen::Tensor<float, 3, Eigen::RowMajor>;
using Texts = std::initializer_list<std::string>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Runs what must be refused; the message holds every one of the texts.
template <typename Call>
void expect_refusal(const Call& call, Texts texts) {
  try {
    call();
    ADD_FAILURE() << "was not refused";
  } catch (const std::invalid_argument& refusal) {
    const std::string message = refusal.what();
    EXPECT_EQ(message.find("BatchNorm: "), 0U) << message;
    for (const std::string& text : texts)
      EXPECT_NE(message.find(text), std::string::npos) << '"' << text << "\" in: " << message;
  }
}

Matrix numbers(Index rows, Index cols, std::uint64_t seed) {
  Matrix x(rows, cols);
  for (Index row = 0; row < rows; ++row)
    for (Index col = 0; col < cols; ++col)
      x(row, col) = static_cast<float>(noise(seed, row, col, 0));
  return x;
}

/// A layer in use: it has seen a forward and a backward, and a refusal must change none of it.
template <typename Mode>
class InUse {
 public:
  using Layer = BatchNorm<float, Mode>;

  Layer layer{some_state<float>(3)};
  Matrix x = numbers(7, 3, 121), dy = numbers(7, 3, 122), r = numbers(7, 3, 123);

  InUse() {
    static_cast<void>(layer.forward(x));
    static_cast<void>(layer.backward(x, dy));
  }

  template <typename Call>
  void refuses(const Call& call, Texts texts) {
    const batchnorm::State<float> state = layer.state();
    const Matrix dx = Layer(layer).backward(x, dy);
    const Gradients gradients = gradients_of(layer);
    expect_refusal(call, texts);
    EXPECT_TRUE(same_bits(layer.state(), state));
    EXPECT_TRUE(gradients == gradients_of(layer));
    EXPECT_TRUE(same_bits(layer.backward(x, dy), dx));
    EXPECT_TRUE(gradients == gradients_of(layer));
  }

 private:
  using Gradients = std::pair<Eigen::VectorXf, Eigen::VectorXf>;
  static Gradients gradients_of(const Layer& of) {
    if constexpr (!std::is_same_v<Mode, Eval>) return {of.gamma_gradient(), of.beta_gradient()};
    return {};
  }
};

template <typename Mode>
class BadInput : public ::testing::Test {
 protected:
  InUse<Mode> used;
};
using Modes = ::testing::Types<Train, Frozen, Eval>;
TYPED_TEST_SUITE(BadInput, Modes);

TYPED_TEST(BadInput, AnotherNumberOfChannels) {
  auto& layer = this->used.layer;
  const Matrix five = numbers(7, 5, 1);
  Matrix y;
  this->used.refuses([&] { static_cast<void>(layer.forward(five)); },
                     {"(7, 5)", "5", "3", "channels"});
  this->used.refuses([&] { layer.forward(five, y); }, {"(7, 5)", "5", "3", "channels"});
  Tensor last(7, 4, 3);
  last.setZero();
  this->used.refuses([&] { static_cast<void>(layer.forward(last)); },
                     {"(7, 4, 3)", "3", "ChannelsLast"});
}

TYPED_TEST(BadInput, OutputViewsThatDoNotFit) {
  auto& layer = this->used.layer;
  const Matrix &x = this->used.x, &dy = this->used.dy, &r = this->used.r;
  Matrix parent = numbers(9, 9, 2);
  const Matrix before = parent;
  this->used.refuses([&] { layer.forward(x, parent.block(0, 0, 6, 3)); }, {"(6, 3)", "(7, 3)"});
  this->used.refuses([&] { layer.forward(x, residual(r), parent.block(0, 0, 3, 7)); },
                     {"(3, 7)", "(7, 3)"});
  this->used.refuses([&] { layer.backward(x, dy, parent.block(0, 0, 7, 4)); },
                     {"(7, 4)", "(7, 3)"});
  Matrix dx, dr;
  this->used.refuses([&] { layer.backward(x, residual(r), dy, parent.block(0, 0, 8, 3), dr); },
                     {"(8, 3)", "(7, 3)"});
  this->used.refuses([&] { layer.backward(x, residual(r), dy, dx, parent.block(0, 0, 8, 3)); },
                     {"(8, 3)", "(7, 3)"});
  EXPECT_TRUE(same_bits(parent, before));
}

TYPED_TEST(BadInput, OutputOwnersThatCannotBeResized) {
  auto& layer = this->used.layer;
  const Matrix &x = this->used.x, &dy = this->used.dy;
  Eigen::Matrix<float, 6, 3> fixed;
  this->used.refuses([&] { layer.forward(x, fixed); }, {"(6, 3)", "(7, 3)"});
  this->used.refuses([&] { layer.backward(x, dy, fixed); }, {"(6, 3)", "(7, 3)"});
}

TYPED_TEST(BadInput, ResidualsAndGradientsThatDoNotFit) {
  auto& layer = this->used.layer;
  const Matrix &x = this->used.x, &dy = this->used.dy;
  const Matrix longer = numbers(8, 3, 3);
  Matrix out;
  this->used.refuses([&] { static_cast<void>(layer.forward(x, residual(longer))); },
                     {"(8, 3)", "(7, 3)", "residual"});
  this->used.refuses([&] { layer.forward(x, residual(longer), out); },
                     {"(8, 3)", "(7, 3)", "residual"});
  this->used.refuses([&] { static_cast<void>(layer.backward(x, longer)); },
                     {"(8, 3)", "(7, 3)", "dy"});
  this->used.refuses([&] { layer.backward(x, longer, out); }, {"(8, 3)", "(7, 3)", "dy"});
  this->used.refuses([&] { static_cast<void>(layer.backward(x, residual(longer), dy)); },
                     {"(8, 3)", "(7, 3)", "residual"});
  const Matrix turned = numbers(3, 7, 3);
  this->used.refuses([&] { static_cast<void>(layer.backward(x, turned)); },
                     {"(3, 7)", "(7, 3)", "dy"});
}

/// Two windows of one parent, a row apart, and the values of the parent.
struct Overlapping {
  Matrix parent = numbers(9, 5, 4);
  auto first() { return parent.block(0, 0, 7, 3); }
  auto second() { return parent.block(1, 0, 7, 3); }
};

TYPED_TEST(BadInput, PartialOverlapOfForward) {
  auto& layer = this->used.layer;
  const Matrix& x = this->used.x;
  Overlapping memory;
  const Matrix before = memory.parent;
  this->used.refuses([&] { layer.forward(memory.first(), memory.second()); },
                     {"overlap", "of its own"});
  this->used.refuses([&] { layer.forward(memory.second(), memory.first()); },
                     {"overlap", "of its own"});
  this->used.refuses([&] { layer.forward(x, residual(memory.first()), memory.second()); },
                     {"overlap", "of its own"});
  EXPECT_TRUE(same_bits(memory.parent, before));
  Eigen::Matrix3f square = numbers(3, 3, 5);
  this->used.refuses([&] { layer.forward(square, square.transpose()); }, {"overlap", "of its own"});
}

TYPED_TEST(BadInput, PartialOverlapOfBackward) {
  auto& layer = this->used.layer;
  const Matrix &x = this->used.x, &dy = this->used.dy, &r = this->used.r;
  Overlapping memory;
  const Matrix before = memory.parent;
  Matrix dx;
  this->used.refuses([&] { layer.backward(x, memory.first(), memory.second()); },
                     {"overlap", "of its own"});
  this->used.refuses([&] { layer.backward(x, residual(r), dy, memory.first(), memory.second()); },
                     {"overlap", "of its own"});
  this->used.refuses([&] { layer.backward(x, residual(memory.first()), dy, memory.second(), dx); },
                     {"overlap", "of its own"});
  this->used.refuses([&] { layer.backward(x, residual(r), memory.first(), dx, memory.second()); },
                     {"overlap", "of its own"});
  EXPECT_TRUE(same_bits(memory.parent, before));
}

// x stands in the windows here, so that backward knows it.
TYPED_TEST(BadInput, PartialOverlapOfXAndItsGradient) {
  typename InUse<TypeParam>::Layer layer(some_state<float>(3));
  Overlapping memory;
  const Matrix dy = numbers(7, 3, 6);
  static_cast<void>(layer.forward(memory.first()));
  const Matrix before = memory.parent;
  expect_refusal([&] { layer.backward(memory.first(), dy, memory.second()); },
                 {"overlap", "of its own"});
  EXPECT_TRUE(same_bits(memory.parent, before));
  EXPECT_NO_THROW(layer.backward(memory.first(), dy, memory.first()));
}

TYPED_TEST(BadInput, BothGradientsInOnePlace) {
  auto& layer = this->used.layer;
  const Matrix &x = this->used.x, &dy = this->used.dy, &r = this->used.r;
  Matrix both(7, 3);
  this->used.refuses([&] { layer.backward(x, residual(r), dy, both, both); },
                     {"dx overlaps dresidual"});
}

TYPED_TEST(BadInput, OutputsThatOwnWhatAnInputViews) {
  auto& layer = this->used.layer;
  Matrix parent = numbers(9, 3, 4);
  const Matrix before = parent;
  this->used.refuses([&] { layer.forward(parent.topRows(7), parent); }, {"overlap", "resize"});
  EXPECT_TRUE(same_bits(parent, before));
}

TYPED_TEST(BadInput, OutputsThatNameOneElementTwice) {
  auto& layer = this->used.layer;
  const Matrix& x = this->used.x;
  Eigen::VectorXf row = Eigen::VectorXf::Zero(3);
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  this->used.refuses(
      [&] { layer.forward(x, Eigen::Map<Matrix, 0, Stride>(row.data(), 7, 3, Stride(0, 1))); },
      {"y", "stride"});
}

TEST(BadInputNeighbours, OfOneParentMayBeUsedTogether) {
  BatchNorm<float> layer(some_state<float>(3)), same(some_state<float>(3));
  Matrix parent = numbers(7, 7, 4);
  const Matrix x = parent.leftCols(3);
  layer.forward(parent.leftCols(3), parent.rightCols(3));
  EXPECT_TRUE(same_bits(parent.rightCols(3), same.forward(x)));
  EXPECT_TRUE(same_bits(parent.leftCols(3), x));
}

TEST(BadInputSingleValue, IsRefusedInTraining) {
  InUse<Train> used;
  const Matrix one = numbers(1, 3, 7);
  Tensor tensor(1, 3, 1);
  tensor.setZero();
  used.refuses([&] { used.layer.forward(one); }, {"(1, 3)", "1 value per channel", "use_running"});
  used.refuses([&] { used.layer.forward(tensor); }, {"(1, 3, 1)", "1 value per channel"});
}

TEST(BadInputSingleValue, IsWelcomeElsewhere) {
  const Matrix one = numbers(1, 3, 7);
  EXPECT_NO_THROW((BatchNorm<float, Frozen>(some_state<float>(3)).forward(one)));
  const BatchNorm<float, Eval> deployed(some_state<float>(3));
  EXPECT_NO_THROW(static_cast<void>(deployed.forward(one)));
}

/// What forward leaves for backward.
template <typename Mode>
class BadOrder : public ::testing::Test {};
using LearningModes = ::testing::Types<Train, Frozen>;
TYPED_TEST_SUITE(BadOrder, LearningModes);

TYPED_TEST(BadOrder, BackwardWithoutForward) {
  BatchNorm<float, TypeParam> layer(some_state<float>(3));
  const Matrix x = numbers(7, 3, 8);
  expect_refusal([&] { layer.backward(x, x); }, {"backward", "forward"});
  expect_refusal([&] { layer.backward(x, x, accumulate); }, {"backward", "forward"});
  EXPECT_TRUE((layer.gamma_gradient().array() == 0).all());
}

TYPED_TEST(BadOrder, BackwardWithAnotherShape) {
  InUse<TypeParam> used;
  const Matrix longer = numbers(8, 3, 9);
  Tensor tensor(7, 3, 2);
  tensor.setZero();
  used.refuses([&] { used.layer.backward(longer, longer); }, {"(8, 3)", "(7, 3)", "forward"});
  used.refuses([&] { used.layer.backward(tensor, tensor); }, {"(7, 3, 2)", "(7, 3)"});
  used.refuses([&] { used.layer.backward(longer, longer, accumulate); }, {"(8, 3)", "(7, 3)"});
}

TYPED_TEST(BadOrder, BackwardWithAnotherX) {
  InUse<TypeParam> used;
  const Matrix other = numbers(7, 3, 10);
  used.refuses([&] { used.layer.backward(other, used.dy); }, {"x", "forward", "in place"});
  used.refuses([&] { used.layer.backward(other, residual(used.r), used.dy); }, {"x", "forward"});
}

TYPED_TEST(BadOrder, BackwardWithAnotherXInOneChannel) {
  for (Index c = 0; c < 3; ++c) {
    InUse<TypeParam> used;
    Matrix other = used.x;
    other.col(c).array() += 1;
    used.refuses([&] { used.layer.backward(other, used.dy); }, {"channel " + std::to_string(c)});
  }
}

TYPED_TEST(BadOrder, BackwardAfterForwardInPlace) {
  BatchNorm<float, TypeParam> layer(some_state<float>(3));
  Matrix x = numbers(7, 3, 11);
  const Matrix kept = x, dy = numbers(7, 3, 12);
  layer.forward(x, x);
  expect_refusal([&] { layer.backward(x, dy); }, {"x", "forward", "in place"});
  EXPECT_NO_THROW(layer.backward(kept, dy));
}

TEST(BadOrders, BackwardOfTheFirstOfTwoForwardsNamesTheSecond) {
  BatchNorm<float> layer(3);
  const Matrix first = numbers(7, 3, 11), second = numbers(7, 3, 12), dy = numbers(7, 3, 13);
  layer.forward(first);
  layer.forward(second);
  expect_refusal([&] { layer.backward(first, dy); }, {"second forward", "one layer object"});
  layer.backward(second, dy);
  layer.forward(first);
  expect_refusal([&] { layer.backward(second, dy); }, {"overwritten", "in place"});
}

/// Whether backward tells x from what it becomes by another value anywhere off the middle.
Index unnoticed(Tensor x, Index every) {
  BatchNorm<float> layer(x.dimension(1));
  layer.forward(x);
  Tensor dx(x.dimensions());
  Index count = 0;
  for (Index first = 0; first < every; ++first) {
    Tensor other = x;
    for (Index k = first; k < x.size(); k += every) other.data()[k] += 1;
    try {
      layer.backward(other, x, dx);
      ++count;
    } catch (const std::invalid_argument&) {
    }
  }
  return count;
}

// Wherever the values are that differ: one in ten of them, and not the middle of a channel.
TEST(BadOrders, AnotherXIsNoticedWhereverItDiffers) {
  for (const auto& [samples, channels, spatial] :
       {std::array<Index, 3>{16, 1, 64}, {64, 3, 64}, {8, 64, 49}, {2, 5, 10000}}) {
    const Tensor x = Tensor(samples, channels, spatial).setConstant(0.0F);
    EXPECT_LE(unnoticed(x, 10), 1) << samples << 'x' << channels << 'x' << spatial;
  }
}

template <typename Axis>
void expect_same_at_any_strides(Index channels) {
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  const Matrix x = numbers(40, 9, 11), dy = numbers(40, 9, 12);
  const std::array<Strides, 6> all{Strides(9, 1),  Strides(13, 1), Strides(20, 1),
                                   Strides(20, 2), Strides(1, 40), Strides(1, 43)};
  for (const Strides& before : all)
    for (const Strides& now : all) {
      SCOPED_TRACE(std::to_string(before.outer()) + " then " + std::to_string(now.outer()));
      Eigen::VectorXf memory(1000), elsewhere(1000);
      Eigen::Map<Matrix, 0, Strides> here(memory.data(), 40, 9, before);
      Eigen::Map<Matrix, 0, Strides> there(elsewhere.data(), 40, 9, now);
      here = there = x;
      BatchNorm<float, Train, Axis> layer(channels);
      layer.forward(here);
      EXPECT_NO_THROW(layer.backward(there, dy));
      there.array() += 1;
      there.row(20) = x.row(20);
      there.col(4) = x.col(4);
      EXPECT_THROW(layer.backward(there, dy), std::invalid_argument);
    }
}

// Another stride of one axis alone is other memory too. What differs is off the middle.
TEST(BadOrders, TheSameXIsTheSameAtOtherStrides) {
  expect_same_at_any_strides<batchnorm::ChannelsFirst>(9);
  expect_same_at_any_strides<batchnorm::ChannelAxis<0>>(40);
}

TEST(BadOrders, TheSameXIsTheSameInOtherMemory) {
  const Matrix x = numbers(40, 9, 11), dy = numbers(40, 9, 12);
  BatchNorm<float> layer(9);
  layer.forward(x);
  const MatrixOf<float, Eigen::ColMajor> elsewhere = x;
  EXPECT_NO_THROW(layer.backward(elsewhere, dy));
  MatrixOf<float, Eigen::ColMajor> other = x;
  other.array() += 1;
  EXPECT_THROW(layer.backward(other, dy), std::invalid_argument);
}

TEST(BadOutput, WithStridesThatNameAnElementTwice) {
  BatchNorm<float> layer(3);
  const Matrix x = numbers(7, 3, 11);
  std::vector<float> memory(20, 1.0F);
  using Strided = Eigen::Map<Matrix, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
  Strided y(memory.data(), 7, 3, {1, 1});
  expect_refusal([&] { layer.forward(x, y); }, {"two indices name one element", "strides above 0"});
  EXPECT_EQ(memory, std::vector<float>(20, 1.0F));
}

TEST(BadOutput, OfARefusedCallIsAsItWas) {
  batchnorm::BatchNorm<float, Train, batchnorm::ReLU> layer(3);
  const Matrix x = numbers(7, 3, 11), r = numbers(7, 3, 12), dy = numbers(7, 3, 13);
  layer.forward(x, residual(r));
  Matrix dx = numbers(2, 2, 14), y = numbers(3, 1, 15);
  const Matrix dx_before = dx, y_before = y;
  Eigen::Matrix<float, 5, 3, Eigen::RowMajor> too_small;
  expect_refusal([&] { layer.backward(x, residual(r), dy, dx, too_small); }, {"dresidual"});
  EXPECT_EQ(dx, dx_before);
  expect_refusal([&] { layer.backward(x, residual(r), dy, dx, dx); }, {"overlaps"});
  EXPECT_EQ(dx, dx_before);
  Eigen::Map<Matrix> within(dx.data(), 1, 2);
  expect_refusal([&] { layer.backward(x, residual(r), dy, dx, within); }, {"dresidual"});
  EXPECT_EQ(dx, dx_before);
  const Matrix single = numbers(1, 3, 16);
  expect_refusal([&] { layer.forward(single, y); }, {"more than 1 value"});
  EXPECT_EQ(y, y_before);
}

TEST(BadShape, OfAnImageWithoutItsAxisOfSamples) {
  BatchNorm<float> layer(64);
  const Tensor image = Tensor(64, 32, 31).setConstant(1.0F);
  expect_refusal([&] { layer.forward(image); }, {"axis of samples missing", "ChannelAxis<0>"});
}

TEST(BadOutput, OfFixedExtentsThatDoNotFit) {
  BatchNorm<float> layer(3);
  const Matrix x = numbers(7, 3, 11);
  layer.forward(x);
  Eigen::Matrix<float, 7, 4> wide;
  Eigen::Matrix<float, Eigen::Dynamic, 7> columns;
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, 0, 7, 2> bounded(1, 1);
  expect_refusal([&] { layer.forward(x, wide); }, {"(7, 4)"});
  expect_refusal([&] { layer.forward(x, columns); }, {"(0, 7)"});
  expect_refusal([&] { layer.forward(x, bounded); }, {"(1, 1)"});
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, 0, 7, 3> fitting(1, 1);
  EXPECT_NO_THROW(layer.forward(x, fitting));
}

TEST(BadCount, WithoutRunningStatisticsNamesCuresThatExist) {
  BatchNorm<float, Train, batchnorm::NoRunningStatistics> layer(3);
  const Matrix x = numbers(1, 3, 11);
  try {
    layer.forward(x);
    ADD_FAILURE() << "was not refused";
  } catch (const std::invalid_argument& refusal) {
    const std::string message = refusal.what();
    EXPECT_NE(message.find("RunningStatistics"), std::string::npos) << message;
    for (const char* impossible : {"freeze", "use_running", "Eval"})
      EXPECT_EQ(message.find(impossible), std::string::npos) << message;
  }
}

TEST(BadResidual, BackwardWithAnotherResidualThanTheMaskCameFrom) {
  batchnorm::BatchNorm<float, batchnorm::Train, batchnorm::ReLU> norm(3);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(4, 3), dy = Eigen::MatrixXf::Ones(4, 3);
  const Eigen::MatrixXf r = Eigen::MatrixXf::Random(4, 3), other = r.array() + 1.0F;
  norm.forward(x, batchnorm::residual(r));
  EXPECT_THROW(norm.backward(x, dy), std::invalid_argument);
  EXPECT_THROW(norm.backward(x, batchnorm::residual(other), dy), std::invalid_argument);
  EXPECT_NO_THROW(norm.backward(x, batchnorm::residual(r), dy));
  norm.forward(x);
  EXPECT_THROW(norm.backward(x, batchnorm::residual(r), dy), std::invalid_argument);
  EXPECT_NO_THROW(norm.backward(x, dy));
}

TYPED_TEST(BadOrder, BackwardAfterARefusedForwardIsThatOfTheOneBefore) {
  InUse<TypeParam> used;
  const Matrix dx = used.layer.backward(used.x, used.dy);
  expect_refusal([&] { used.layer.forward(numbers(7, 3, 13), residual(numbers(7, 4, 13))); }, {});
  expect_refusal([&] { used.layer.forward(numbers(9, 4, 13)); }, {});
  EXPECT_TRUE(same_bits(used.layer.backward(used.x, used.dy), dx));
}

TEST(BadOptions, OfEpsilon) {
  for (const double epsilon : {-1e-5, double{nan}, double{infinity}, -double{infinity}}) {
    const batchnorm::Options options{.epsilon = epsilon};
    expect_refusal([&] { BatchNorm<float>(3, options); }, {"epsilon", "0", "1e-5"});
    expect_refusal([&] { BatchNorm<float, Eval>(some_state<float>(3), options); }, {"epsilon"});
    expect_refusal([&] { BatchNorm<float, Frozen>(some_state<float>(3), options); }, {"epsilon"});
  }
  EXPECT_NO_THROW(BatchNorm<float>(3, {.epsilon = 0}));
}

TEST(BadOptions, OfCaches) {
  expect_refusal([&] { BatchNorm<float>(3, {.cache_bytes = -1}); }, {"cache_bytes", "0", "-1"});
  expect_refusal([&] { BatchNorm<float>(3, {.l2_bytes = -1}); }, {"l2_bytes", "0", "-1"});
  EXPECT_NO_THROW(BatchNorm<float>(3, {.cache_bytes = 0, .l2_bytes = 0}));
}

TEST(BadOptions, OfMomentum) {
  for (const double weight : {-0.1, 1.1, double{nan}, double{infinity}}) {
    expect_refusal([&] { BatchNorm<float>(3, {.momentum = batchnorm::decay(weight)}); },
                   {"decay", "[0, 1]"});
    expect_refusal([&] { BatchNorm<float>(3, {.momentum = batchnorm::new_weight(weight)}); },
                   {"new_weight", "[0, 1]"});
  }
}

TEST(BadOptions, WithoutTheRunningStatisticsTheyAskFor) {
  using Stateless = BatchNorm<float, Train, batchnorm::NoRunningStatistics>;
  const batchnorm::Options options{.single_value = batchnorm::SingleValue::use_running};
  expect_refusal([&] { Stateless layer(3, options); }, {"use_running", "NoRunningStatistics"});
}

TEST(BadOptions, OfTheNumberOfChannels) {
  expect_refusal([] { BatchNorm<float>(0); }, {"0", "channel"});
  expect_refusal([] { BatchNorm<float>(-3); }, {"-3", "channel"});
}

/// Every way to hand a state to a layer refuses it, and set_state takes all or nothing.
template <typename Change>
void expect_bad_state(const Change& change, Texts texts) {
  batchnorm::State<float> state = some_state<float>(3, 2);
  change(state);
  expect_refusal([&] { (BatchNorm<float>(state)); }, texts);
  expect_refusal([&] { (BatchNorm<float, Frozen>(state)); }, texts);
  expect_refusal([&] { (BatchNorm<float, Eval>(state)); }, texts);
  InUse<Train> train;
  train.refuses([&] { train.layer.set_state(state); }, texts);
  InUse<Frozen> frozen;
  frozen.refuses([&] { frozen.layer.set_state(state); }, texts);
}

TEST(BadState, OfWrongLengths) {
  expect_bad_state(
      [](auto& s) {
        s.gamma.resize(4);
        s.gamma.setOnes();
      },
      {"4", "3", "one value per channel"});
  expect_bad_state([](auto& s) { s.gamma.resize(0); }, {"gamma"});
  expect_bad_state(
      [](auto& s) {
        s.beta.resize(2);
        s.beta.setOnes();
      },
      {"beta", "2", "3"});
  expect_bad_state(
      [](auto& s) {
        s.running_variance.resize(4);
        s.running_variance.setOnes();
      },
      {"running_variance", "4", "3"});
  expect_bad_state(
      [](auto& s) {
        s.rejected.resize(2);
        s.rejected.setZero();
      },
      {"rejected", "2", "3"});
  expect_bad_state([](auto& s) { s = batchnorm::State<float>{}; }, {"0"});
}

TEST(BadState, OfValuesOutOfRange) {
  expect_bad_state([](auto& s) { s.running_variance(1) = -1e-3F; }, {"running_variance", "-0.001"});
  expect_bad_state([](auto& s) { s.running_variance(2) = nan; }, {"running_variance", "nan"});
  expect_bad_state([](auto& s) { s.running_variance(2) = infinity; }, {"running_variance", "inf"});
  expect_bad_state([](auto& s) { s.running_mean(0) = nan; }, {"running_mean", "nan"});
  expect_bad_state([](auto& s) { s.batches = -1; }, {"batches", "-1"});
  expect_bad_state([](auto& s) { s.rejected.setConstant(3, -2); }, {"rejected", "-2"});
  expect_bad_state([](auto& s) { s.rejected.setConstant(3, 9); }, {"rejected", "9", "7"});
}

TEST(BadState, OfAMeanBeyondTheRangeOfTheScalar) {
  expect_bad_state([](auto& s) { s.running_mean(1) = 3.5e38; }, {"running_mean", "channel 1"});
  batchnorm::State<double> state = some_state<double>(3);
  state.running_mean(1) = -1e300;
  EXPECT_NO_THROW(BatchNorm<double>{state});
}

TEST(BadState, OfACountThatCannotGoOn) {
  expect_bad_state([](auto& s) { s.batches = std::numeric_limits<std::int64_t>::max(); },
                   {"batches", "2^62"});
}

TEST(BadState, OfAnotherNumberOfChannels) {
  InUse<Train> used;
  used.refuses([&] { used.layer.set_state(some_state<float>(5)); }, {"5", "the layer has 3"});
}

TEST(BadState, OfALayerToBeNamesWhatDisagrees) {
  batchnorm::State<float> state = some_state<float>(12);
  state.gamma.setOnes(3);
  expect_refusal([&] { (BatchNorm<float>(state)); },
                 {"gamma has 3", "beta has 12", "running_mean has 12", "running_variance has 12"});
  state = some_state<float>(9);
  state.gamma.setOnes(10);
  state.rejected.setZero(9);
  expect_refusal([&] { (BatchNorm<float>(state)); }, {"gamma has 10", "rejected has 9"});
}

TEST(BadState, OfACumulativeAverageWithoutACount) {
  const batchnorm::Options cumulative{.momentum = batchnorm::cumulative()};
  batchnorm::State<float> state = some_state<float>(3);
  EXPECT_NO_THROW(BatchNorm<float>(state, cumulative));
  state.batches = 0;
  const Texts texts{"cumulative()", "batches", "channel 0"};
  expect_refusal([&] { (BatchNorm<float>(state, cumulative)); }, texts);
  expect_refusal([&] { (BatchNorm<float, Frozen>(state, cumulative)); }, texts);
  BatchNorm<float> layer(3, cumulative);
  expect_refusal([&] { layer.set_state(state); }, texts);
  state.batches = 4;
  state.rejected.resize(3);
  state.rejected << 3, 4, 0;
  expect_refusal([&] { layer.set_state(state); }, {"4 seen, 4 rejected", "channel 1"});
  EXPECT_NO_THROW(layer.set_state(BatchNorm<float>(3).state()));
  EXPECT_NO_THROW(BatchNorm<float>{state});
}

TEST(BadState, HasVectorsThatThePoliciesDoNot) {
  using Plain = BatchNorm<float, Train, batchnorm::NoAffine>;
  Plain layer(3);
  expect_refusal([&] { layer.set_state(some_state<float>(3)); }, {"gamma"});
  expect_refusal([&] { Plain other(some_state<float>(3)); }, {"gamma"});
}

/// As printf writes it, with nine digits.
std::string nine_digits(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.9g", value);
  return text.data();
}

/// What machines have in the place of std::to_chars, whose tables are large.
TEST(Decimal, IsWhatPrintfWrites) {
  using batchnorm::detail::Decimal;
  using Limits = std::numeric_limits<double>;
  for (const double value : {0.0, -0.0, 1.0, -2.5, 10.0, 0.1, 1e-4, 1e-5, 123456789.0, 1234567890.0,
                             999999999.5, 5e-324, 1e100, -3.5e38, Limits::max(), Limits::infinity(),
                             -Limits::infinity(), Limits::quiet_NaN()})
    EXPECT_EQ(Decimal(value).text(), nine_digits(value));
  for (int k = -3000; k < 3000; ++k) {
    const double value = std::exp(0.1 * k);
    EXPECT_NEAR(std::stod(Decimal(value).text()), value, 1.01e-8 * value);
  }
}

TEST(Message, LeavesOutWhatDoesNotFit) {
  using batchnorm::detail::Message;
  for (const std::size_t length : {1U, 7U, 100U, 1023U, 1024U, 2047U, 2048U, 5000U}) {
    std::string whole;
    Message message;
    while (whole.size() < 2 * sizeof(Message)) {
      const std::string part(length, static_cast<char>('a' + whole.size() % 26));
      message.append(part.c_str());
      whole += part;
      const std::string text = message.text();
      EXPECT_EQ(text, whole.substr(0, text.size())) << length;
      EXPECT_TRUE(text.size() == whole.size() || text.size() > 2000) << length;
      EXPECT_LT(text.size(), sizeof(Message) - sizeof(std::size_t)) << length;
    }
  }
}

}  // namespace
