#include <gtest/gtest.h>

#include <concepts>
#include <stdexcept>

#include "layouts.hpp"

// What every policy and every option decides, beyond the pairs of the typed suites.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;
using Matrix = MatrixOf<float, Eigen::RowMajor>;

Values values(Index count, std::uint64_t seed) { return pattern<float>({count, 3, 1}, seed); }
Matrix matrix(const Values& of) {
  const Dimensions<2> dimensions{of.shape().outer, of.shape().channels};
  Matrix x(dimensions[0], dimensions[1]);
  write(x, dimensions, 1, of);
  return x;
}

/// Trains on batches of several sizes and compares the running statistics after every one.
void expect_running_of(const batchnorm::Options& options, const reference::Settings& settings) {
  BatchNorm<float> norm(3, options);
  std::uint64_t seed = 81;
  for (const Index count : {2, 9, 4, 33, 5}) {
    const Values batch = values(count, seed++);
    const reference::State before = to_reference(norm.state());
    norm.forward(matrix(batch));
    const reference::State expected = reference::after_forward(settings, before, batch);
    expect_running<float>(norm, expected);
  }
}

TEST(Defaults, AreThoseOfTheDesign) {
  const batchnorm::Options options;
  EXPECT_EQ(options.epsilon, 1e-5);
  EXPECT_EQ(options.momentum, batchnorm::decay(0.9));
  EXPECT_EQ(options.running_variance, batchnorm::RunningVariance::unbiased);
  EXPECT_EQ(options.single_value, batchnorm::SingleValue::refuse);
  EXPECT_EQ(options.non_finite, batchnorm::NonFinite::reject);
  const BatchNorm<float> norm(3);
  EXPECT_EQ(norm.options(), options);
  EXPECT_EQ(norm.channels(), 3);
  EXPECT_EQ(norm.batches(), 0);
  EXPECT_TRUE((norm.gamma().array() == 1).all());
  EXPECT_TRUE((norm.beta().array() == 0).all());
  EXPECT_TRUE((norm.running_mean().array() == 0).all());
  EXPECT_TRUE((norm.running_variance().array() == 1).all());
  EXPECT_TRUE((norm.gamma_gradient().array() == 0).all());
  EXPECT_TRUE((norm.beta_gradient().array() == 0).all());
}

TEST(MomentumPolicy, OfDecayIsTheWeightOfTheOldValue) {
  reference::Settings settings;
  settings.decay = 0.75;
  expect_running_of({.momentum = batchnorm::decay(0.75)}, settings);
}

TEST(MomentumPolicy, OfNewWeightIsTheWeightOfTheNewValue) {
  reference::Settings settings;
  settings.decay = 0.75;
  expect_running_of({.momentum = batchnorm::new_weight(0.25)}, settings);
}

TEST(MomentumPolicy, AtItsBoundsKeepsOrReplaces) {
  reference::Settings keep, replace;
  keep.decay = 1;
  replace.decay = 0;
  expect_running_of({.momentum = batchnorm::decay(1)}, keep);
  expect_running_of({.momentum = batchnorm::decay(0)}, replace);
  expect_running_of({.momentum = batchnorm::new_weight(0)}, keep);
  expect_running_of({.momentum = batchnorm::new_weight(1)}, replace);
}

TEST(MomentumPolicy, CumulativeGivesTheMeanOfTheBatchStatistics) {
  BatchNorm<float> norm(3, {.momentum = batchnorm::cumulative()});
  reference::PerChannel mean(3, 0.0), variance(3, 0.0);
  const Index batches = 12;
  for (Index step = 0; step < batches; ++step) {
    const Index count = 3 + step;
    const Values batch = values(count, 90 + static_cast<std::uint64_t>(step));
    norm.forward(matrix(batch));
    const reference::Statistics statistics = reference::batch_statistics(batch);
    for (std::size_t c = 0; c < 3; ++c) {
      mean[c] += statistics.mean[c] / batches;
      variance[c] += statistics.variance[c] * static_cast<double>(count) /
                     static_cast<double>(count - 1) / batches;
    }
  }
  for (Index c = 0; c < 3; ++c) {
    EXPECT_NEAR(norm.running_mean()(c), mean[static_cast<std::size_t>(c)], 2e-6);
    EXPECT_NEAR(norm.running_variance()(c), variance[static_cast<std::size_t>(c)], 2e-6);
  }
  EXPECT_EQ(norm.batches(), batches);
}

TEST(RunningVariancePolicy, IsTheDivisor) {
  reference::Settings biased;
  biased.unbiased = false;
  expect_running_of({.running_variance = batchnorm::RunningVariance::biased}, biased);
  expect_running_of({.running_variance = batchnorm::RunningVariance::unbiased}, {});
}

TEST(SingleValuePolicy, MayUseTheRunningStatistics) {
  const auto state = some_state<float>(3);
  BatchNorm<float> norm(state, {.single_value = batchnorm::SingleValue::use_running});
  BatchNorm<float, Frozen> frozen(state);
  const Matrix x = matrix(values(1, 95)), dy = matrix(values(1, 96));
  EXPECT_TRUE(same_bits(norm.forward(x), frozen.forward(x)));
  EXPECT_TRUE(same_bits(norm.backward(x, dy), frozen.backward(x, dy)));
  EXPECT_TRUE(same_bits(norm.gamma_gradient(), frozen.gamma_gradient()));
  EXPECT_TRUE(same_bits(norm.beta_gradient(), frozen.beta_gradient()));
  EXPECT_TRUE(same_bits(norm.state().running_mean, state.running_mean));
  EXPECT_TRUE(same_bits(norm.state().running_variance, state.running_variance));
}

TEST(SingleValuePolicy, ChangesNothingForMoreValues) {
  BatchNorm<float> norm(3, {.single_value = batchnorm::SingleValue::use_running}), plain(3);
  const Matrix x = matrix(values(2, 95)), dy = matrix(values(2, 96));
  EXPECT_TRUE(same_bits(norm.forward(x), plain.forward(x)));
  EXPECT_TRUE(same_bits(norm.backward(x, dy), plain.backward(x, dy)));
  EXPECT_TRUE(same_bits(norm.state(), plain.state()));
}

TEST(SingleValuePolicy, CountsPositionsAsValues) {
  BatchNorm<float> norm(3);
  Eigen::Tensor<float, 3, Eigen::RowMajor> x(1, 3, 2);
  x.setRandom();
  EXPECT_NO_THROW(norm.forward(x));
  EXPECT_EQ(norm.batches(), 1);
}

TEST(EpsilonOption, StandsInsideTheRoot) {
  reference::Settings settings;
  settings.epsilon = 0.5;
  const Values batch = values(33, 97);
  const auto state = some_state<float>(3);
  for (const auto mode : {reference::Mode::train, reference::Mode::frozen}) {
    settings.mode = mode;
    BatchNorm<float> train(state, {.epsilon = 0.5});
    BatchNorm<float, Frozen> frozen(state, {.epsilon = 0.5});
    const Matrix y = mode == reference::Mode::train ? train.forward(matrix(batch))
                                                    : frozen.forward(matrix(batch));
    const Values expected = reference::forward(settings, to_reference(state), batch);
    const Values unit = reference::forward_magnitude(settings, to_reference(state), batch);
    EXPECT_LE(worst_error<float>(read(y, Dimensions<2>{33, 3}, 1), expected, unit), 4);
  }
}

using Stateless = BatchNorm<float, Train, batchnorm::NoRunningStatistics>;

TEST(NoRunningStatisticsPolicy, NormalisesLikeTraining) {
  Stateless without(3);
  BatchNorm<float> with(3);
  const Matrix x = matrix(values(9, 98)), dy = matrix(values(9, 99));
  EXPECT_TRUE(same_bits(without.forward(x), with.forward(x)));
  EXPECT_TRUE(same_bits(without.backward(x, dy), with.backward(x, dy)));
  EXPECT_TRUE(same_bits(without.gamma_gradient(), with.gamma_gradient()));
}

TEST(NoRunningStatisticsPolicy, StoresNone) {
  Stateless norm(3);
  norm.forward(matrix(values(9, 98)));
  const batchnorm::State<float> state = norm.state();
  EXPECT_EQ(state.running_mean.size(), 0);
  EXPECT_EQ(state.running_variance.size(), 0);
  EXPECT_EQ(state.gamma.size(), 3);
  const Stateless copy(state);
  EXPECT_TRUE(same_bits(copy.state(), state));
}

TEST(AffinePolicy, StoresWhatItHas) {
  EXPECT_EQ((BatchNorm<float, Train, batchnorm::ScaleOnly>(3).state().beta.size()), 0);
  EXPECT_EQ((BatchNorm<float, Train, batchnorm::ScaleOnly>(3).state().gamma.size()), 3);
  EXPECT_EQ((BatchNorm<float, Train, batchnorm::ShiftOnly>(3).state().gamma.size()), 0);
  EXPECT_EQ((BatchNorm<float, Train, batchnorm::ShiftOnly>(3).state().beta.size()), 3);
  EXPECT_EQ((BatchNorm<float, Train, batchnorm::NoAffine>(3).state().gamma.size()), 0);
  EXPECT_EQ((BatchNorm<float, Train, batchnorm::NoAffine>(3).state().beta.size()), 0);
}

TEST(Policies, StandInAnyOrder) {
  const auto state = some_state<float, batchnorm::ScaleOnly>(3);
  BatchNorm<float, Train, batchnorm::ReLU, batchnorm::ScaleOnly, batchnorm::ChannelsLast> one(
      state);
  BatchNorm<float, Train, batchnorm::ChannelsLast, batchnorm::ReLU, batchnorm::ScaleOnly> other(
      state);
  Eigen::Tensor<float, 3, Eigen::RowMajor> x(4, 5, 3);
  x.setRandom();
  EXPECT_TRUE(same_bits(one.forward(x), other.forward(x)));
}

TEST(Names, OfPyTorchAreRanks) {
  static_assert(
      std::same_as<batchnorm::BatchNorm1d<float>, BatchNorm<float, Train, batchnorm::Rank<2, 3>>>);
  static_assert(std::same_as<batchnorm::BatchNorm2d<float, Eval, batchnorm::ReLU>,
                             BatchNorm<float, Eval, batchnorm::Rank<4>, batchnorm::ReLU>>);
  static_assert(std::same_as<batchnorm::BatchNorm3d<double, Frozen>,
                             BatchNorm<double, Frozen, batchnorm::Rank<5>>>);
  Eigen::Tensor<float, 4, Eigen::RowMajor> x(2, 3, 5, 4);
  x.setRandom();
  batchnorm::BatchNorm2d<float> norm2d(3);
  BatchNorm<float> norm(3);
  EXPECT_TRUE(same_bits(norm2d.forward(x), norm.forward(x)));
}

template <typename Mode>
struct Network {
  BatchNorm<float, Mode> norm;
  explicit Network(Index channels) : norm(channels) {}
  template <typename Other>
  explicit Network(const Network<Other>& other) : norm(other.norm) {}
};

TEST(Modes, OfANetworkConvert) {
  Network<Train> trained(3);
  trained.norm.forward(matrix(values(9, 98)));
  const Network<Eval> deployed(trained);
  const Network<Frozen> tuned(trained);
  EXPECT_TRUE(same_bits(deployed.norm.state(), trained.norm.state()));
  EXPECT_TRUE(same_bits(tuned.norm.state(), trained.norm.state()));
}

}  // namespace
