#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "fixtures.hpp"

// The running statistics are an average that arrives, however many steps it takes, how little a
// batch weighs and how large the mean is: the exact average of the same steps, in more than double.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Momentum, batchnorm::Train;

template <typename Scalar>
using Batch = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

/// Mean and variance (divisor M - 1) of a batch of one channel.
struct Moment {
  long double mean, variance;

  template <typename Scalar>
  explicit Moment(const Batch<Scalar>& x) : mean(0), variance(0) {
    const auto count = static_cast<long double>(x.size());
    for (const Scalar value : x) mean += value / count;
    for (const Scalar value : x) variance += (value - mean) * (value - mean) / (count - 1);
  }
};

/// Trains a layer of one channel on `steps` batches and compares it with the exact average.
template <typename Scalar>
void expect_arrival(const Momentum& momentum, double start, Index steps,
                    const std::vector<Batch<Scalar>>& batches,
                    const std::function<std::size_t(Index)>& which) {
  batchnorm::State<Scalar> state = BatchNorm<Scalar>(1).state();
  state.running_mean(0) = start;
  if (start != 0) state.batches = 1;
  BatchNorm<Scalar> layer(state, {.momentum = momentum});
  const auto first = static_cast<long double>(state.batches);
  std::vector<Moment> moments;
  for (const Batch<Scalar>& batch : batches) moments.emplace_back(batch);
  long double mean = start, variance = 1;
  Batch<Scalar> y;
  for (Index step = 0; step < steps; ++step) {
    const std::size_t k = which(step);
    layer.forward(batches[k], y);
    const long double accepted = first + static_cast<long double>(step) + 1;
    const long double weight = momentum.is_cumulative()
                                   ? 1 / accepted
                                   : 1 - static_cast<long double>(momentum.old_weight(1));
    mean += weight * (moments[k].mean - mean);
    variance += weight * (moments[k].variance - variance);
  }
  EXPECT_NEAR(layer.running_mean()(0), static_cast<double>(mean),
              1e-9 * std::abs(static_cast<double>(mean)));
  EXPECT_NEAR(layer.running_variance()(0), static_cast<double>(variance),
              1e-9 * static_cast<double>(variance));
}

template <typename Scalar>
std::vector<Batch<Scalar>> pair_of_batches(double a, double b, double c, double d) {
  Batch<Scalar> first(2), second(2);
  first << static_cast<Scalar>(a), static_cast<Scalar>(b);
  second << static_cast<Scalar>(c), static_cast<Scalar>(d);
  return {first, second};
}

template <typename Scalar>
class Arrival : public ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Arrival, Scalars);

// In float, a mean of 9996 never moves: each step is less than half of its last digit.
TYPED_TEST(Arrival, OfLittleWeightIsTheExactAverage) {
  const auto batches = pair_of_batches<TypeParam>(9999, 10001, 9999, 10001);
  expect_arrival<TypeParam>(batchnorm::new_weight(1e-4), 9996, 100000, batches,
                            [](Index) { return std::size_t{0}; });
}

TYPED_TEST(Arrival, OfManyEqualWeightsIsTheExactAverage) {
  const auto batches = pair_of_batches<TypeParam>(9998, 10000, 10000, 10002);
  expect_arrival<TypeParam>(batchnorm::cumulative(), 0, 100000, batches, [](Index step) {
    return step < 1000 ? std::size_t{0} : std::size_t{1};
  });
}

TYPED_TEST(Arrival, OfAMillionStepsIsTheExactAverage) {
  for (const double mean : {0.0, 1.0, -1e3, 1e6}) {
    const auto batches = pair_of_batches<TypeParam>(mean - 1, mean + 1.5, mean - 0.5, mean + 1);
    expect_arrival<TypeParam>(batchnorm::decay(0.9999), 0, 1000000, batches,
                              [](Index step) { return static_cast<std::size_t>(step % 3 == 0); });
  }
}

TEST(RunningStatisticsOfFloat, AreNotRounded) {
  BatchNorm<float> layer(1, {.momentum = batchnorm::decay(0)});
  Eigen::VectorXf x(3);
  x << 0, 0, 1;
  layer.forward(x);
  EXPECT_EQ(layer.running_mean()(0), 1.0 / 3);
  static_assert(std::is_same_v<decltype(layer.state().running_mean), Eigen::VectorXd>);
}

TEST(Batches, AreCountedWithoutRunningStatisticsToo) {
  BatchNorm<float, Train, batchnorm::NoRunningStatistics> layer(3);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(5, 3), empty(0, 3);
  layer.forward(x);
  layer.forward(empty);
  layer.forward(x);
  EXPECT_EQ(layer.batches(), 2);
  EXPECT_EQ(layer.state().batches, 2);
  EXPECT_EQ((BatchNorm<float, Train, batchnorm::NoRunningStatistics>(layer.state()).batches()), 2);
}

TEST(Reset, ForgetsAllThatBelongsToTheRunningStatistics) {
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(6, 4);
  const Eigen::MatrixXf dy = Eigen::MatrixXf::Random(6, 4);
  BatchNorm<float> layer(some_state<float>(4), {.momentum = batchnorm::cumulative()});
  const batchnorm::State<float> before = layer.state();
  Eigen::MatrixXf bad = x;
  bad(2, 1) = std::numeric_limits<float>::quiet_NaN();
  layer.forward(bad);
  layer.forward(x);
  ASSERT_EQ(layer.rejected()(1), 1);
  layer.reset_running_statistics();
  EXPECT_NO_THROW(layer.backward(x, dy));
  const batchnorm::State<float> fresh = BatchNorm<float>(4).state();
  EXPECT_EQ(layer.running_mean(), fresh.running_mean);
  EXPECT_EQ(layer.running_variance(), fresh.running_variance);
  EXPECT_EQ(layer.batches(), 0);
  EXPECT_TRUE((layer.rejected().array() == 0).all());
  EXPECT_EQ(layer.gamma(), before.gamma);
  EXPECT_EQ(layer.beta(), before.beta);
  layer.forward(x);
  BatchNorm<float> other(4, {.momentum = batchnorm::cumulative()});
  other.forward(x);
  EXPECT_EQ(layer.running_mean(), other.running_mean());
  EXPECT_EQ(layer.running_variance(), other.running_variance());
}

}  // namespace
