#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "fixtures.hpp"

// pooled(): the running statistics are mean and variance of all values seen. And the momentum of a
// living layer can change.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Moments, batchnorm::Options, batchnorm::pooled,
    batchnorm::RunningVariance, batchnorm::State;
using Matrix = Eigen::MatrixXd;

Matrix noise_matrix(Index rows, Index cols, std::uint64_t seed, double mean = 0) {
  return Matrix::NullaryExpr(rows, cols,
                             [=](Index r, Index c) { return mean + noise(seed, r, c, 0); });
}

/// Mean and variance of a column in long double.
struct Exact {
  long double mean = 0, m2 = 0;

  explicit Exact(const Eigen::VectorXd& values) {
    for (const double value : values) mean += value;
    mean /= static_cast<long double>(values.size());
    for (const double value : values) m2 += (value - mean) * (value - mean);
  }
};

TEST(Pooled, IsTheStatisticOfAllValuesSeen) {
  for (const auto divisor : {RunningVariance::unbiased, RunningVariance::biased}) {
    for (const double mean : {0.0, 5.0, -1e4}) {
      BatchNorm<double> norm(2, {.momentum = pooled(), .running_variance = divisor});
      Matrix all(0, 2);
      for (const Index rows : {7, 2, 300, 1025, 3}) {
        const Matrix x = noise_matrix(rows, 2, 30 + static_cast<std::uint64_t>(rows), mean);
        norm.forward(x);
        Matrix longer(all.rows() + rows, 2);
        longer << all, x;
        all = longer;
      }
      const auto count = static_cast<long double>(all.rows());
      for (Index c = 0; c < 2; ++c) {
        const Exact exact(all.col(c));
        const long double variance =
            exact.m2 / (divisor == RunningVariance::unbiased ? count - 1 : count);
        const double unit = 0x1p-53 * (1 + std::abs(mean));
        EXPECT_NEAR(norm.running_mean()(c), static_cast<double>(exact.mean), 8 * unit);
        EXPECT_NEAR(norm.running_variance()(c), static_cast<double>(variance), 64 * unit);
        EXPECT_EQ(norm.state().values(c), static_cast<double>(all.rows()));
      }
      EXPECT_EQ(norm.batches(), 5);
    }
  }
}

// The variance between batches is part of it, which no average over batches has.
TEST(Pooled, HasTheVarianceBetweenBatches) {
  Matrix low(2, 1), high(2, 1);
  low << -1, 1;
  high << 9, 11;
  BatchNorm<double> norm(1, {.momentum = pooled(), .running_variance = RunningVariance::biased});
  norm.forward(low);
  norm.forward(high);
  EXPECT_EQ(norm.running_mean()(0), 5);
  EXPECT_EQ(norm.running_variance()(0), 26);
}

TEST(Pooled, OfObservedMomentsIsThatOfForwards) {
  BatchNorm<double> observed(3, {.momentum = pooled()}), trained = observed;
  for (const Index rows : {4, 9, 2}) {
    const Matrix x = noise_matrix(rows, 3, static_cast<std::uint64_t>(rows));
    trained.forward(x);
    observed.observe(observed.moments(x));
  }
  EXPECT_TRUE(same_bits(trained.state(), observed.state()));
}

// As an observation normalizer sees them.
TEST(Pooled, TakesSingleValues) {
  for (const auto divisor : {RunningVariance::unbiased, RunningVariance::biased}) {
    BatchNorm<double> norm(2, {.momentum = pooled(), .running_variance = divisor});
    const Matrix x = noise_matrix(50, 2, 39);
    for (Index row = 0; row < x.rows(); ++row) {
      norm.observe(norm.moments(x.row(row)));
      if (row == 0) {
        EXPECT_EQ(norm.running_variance()(0), 0);
      }
      EXPECT_NO_THROW(norm.set_state(norm.state()));
    }
    const Exact exact(x.col(1));
    const double count = divisor == RunningVariance::unbiased ? 49 : 50;
    EXPECT_NEAR(norm.running_mean()(1), static_cast<double>(exact.mean), 1e-15);
    EXPECT_NEAR(norm.running_variance()(1), static_cast<double>(exact.m2) / count, 1e-14);
    EXPECT_EQ(norm.batches(), 50);
  }
}

TEST(Pooled, CountsAChannelsOwnValuesWhereABatchWasRejected) {
  BatchNorm<double> norm(2, {.momentum = pooled()});
  Matrix x = noise_matrix(5, 2, 40);
  const Matrix y = noise_matrix(7, 2, 41);
  norm.forward(y);
  x(3, 1) = std::numeric_limits<double>::quiet_NaN();
  norm.forward(x);
  EXPECT_EQ(norm.state().values(0), 12);
  EXPECT_EQ(norm.state().values(1), 7);
  EXPECT_EQ(norm.rejected()(1), 1);
  const Exact alone(y.col(1));
  EXPECT_NEAR(norm.running_variance()(1), static_cast<double>(alone.m2 / 6), 1e-15);
}

TEST(Pooled, GoesOnFromAState) {
  BatchNorm<float> whole(3, {.momentum = pooled()}), first = whole;
  const Eigen::MatrixXf a = noise_matrix(6, 3, 42).cast<float>(),
                        b = noise_matrix(3, 3, 43).cast<float>();
  whole.forward(a);
  whole.forward(b);
  first.forward(a);
  BatchNorm<float> second(first.state(), first.options());
  EXPECT_EQ(second, first);
  second.forward(b);
  EXPECT_EQ(second, whole);
  const BatchNorm<float, batchnorm::Eval> deployed(whole);
  EXPECT_TRUE(same_bits(deployed.state(), whole.state()));
}

TEST(Pooled, RefusesToGoOnWithoutTheNumberOfValues) {
  const State<float> trained = some_state<float>(3);
  const std::string sentence = "expected the number of values that the running statistics are of";
  expect_refused([&] { BatchNorm<float>(trained, {.momentum = pooled()}); }, sentence);
  State<float> counted = trained;
  counted.values = Eigen::VectorXd::Constant(3, 100);
  EXPECT_NO_THROW(BatchNorm<float>(counted, {.momentum = pooled()}));
  counted.values(1) = 0;
  expect_refused([&] { BatchNorm<float>(counted, {.momentum = pooled()}); }, "in channel 1");
  for (const double impossible : {-1.0, 0.5, std::numeric_limits<double>::infinity()}) {
    counted.values(1) = impossible;
    expect_refused([&] { BatchNorm<float>{counted}; }, "expected a finite number of values, 0 or");
  }
  counted.values.resize(2);
  expect_refused([&] { BatchNorm<float>{counted}; }, "values has 2");
}

TEST(Pooled, IsPrinted) {
  std::ostringstream line;
  line << BatchNorm<float>(2, {.momentum = pooled()});
  EXPECT_NE(line.str().find("pooled()"), std::string::npos);
}

TEST(Pooled, ForgetsOnReset) {
  BatchNorm<double> norm(2, {.momentum = pooled()});
  norm.forward(noise_matrix(5, 2, 44));
  norm.reset_running_statistics();
  EXPECT_EQ(norm, BatchNorm<double>(2, {.momentum = pooled()}));
  norm.forward(noise_matrix(6, 2, 45));
  EXPECT_EQ(norm.state().values(0), 6);
}

TEST(Momentum, ChangesOnALivingLayer) {
  BatchNorm<double> norm(1), expected(1);
  Matrix x(2, 1), dy(2, 1);
  x << 1, 3;
  dy << 1, 2;
  norm.forward(x);
  norm.set_momentum(batchnorm::new_weight(0.5));
  EXPECT_EQ(norm.options().momentum, batchnorm::new_weight(0.5));
  EXPECT_NO_THROW(norm.backward(x, dy));
  norm.forward(x);
  EXPECT_DOUBLE_EQ(norm.running_mean()(0), 0.5 * 0.2 + 0.5 * 2);
  // The mean over two batches so far has weight 2 of 3.
  norm.set_momentum(batchnorm::cumulative());
  norm.forward(x);
  EXPECT_DOUBLE_EQ(norm.running_mean()(0), 2.0 / 3 * (0.5 * 0.2 + 0.5 * 2) + 1.0 / 3 * 2);
}

TEST(Momentum, BecomesPooledOnlyWhereTheValuesAreKnown) {
  BatchNorm<double> norm(2);
  EXPECT_NO_THROW(norm.set_momentum(pooled()));
  norm.set_momentum(batchnorm::decay(0.5));
  norm.forward(noise_matrix(5, 2, 46));
  const BatchNorm<double> before = norm;
  expect_refused([&] { norm.set_momentum(pooled()); },
                 "expected the number of values that the running statistics are of");
  EXPECT_EQ(norm, before);
  norm.reset_running_statistics();
  norm.set_momentum(pooled());
  norm.forward(noise_matrix(5, 2, 47));
  // Another momentum makes no pool of what it moves.
  norm.set_momentum(batchnorm::decay(0.5));
  norm.forward(noise_matrix(5, 2, 48));
  EXPECT_EQ(norm.state().values.size(), 0);
  EXPECT_THROW(norm.set_momentum(pooled()), std::invalid_argument);
}

}  // namespace
