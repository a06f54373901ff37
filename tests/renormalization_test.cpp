#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

#include "layouts.hpp"

// Batch renormalization (Ioffe 2017, arXiv 1702.03275, algorithm 1): y = gamma (r x_hat + d) + beta
// with r and d from the running statistics before the batch, constants in backward.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::GradientSums, batchnorm::Moments,
    batchnorm::Options, batchnorm::ReLU, batchnorm::State, batchnorm::Train;
using Matrix = Eigen::MatrixXd;
constexpr double unlimited = std::numeric_limits<double>::infinity();

Matrix noise_matrix(Index rows, Index cols, std::uint64_t seed) {
  return Matrix::NullaryExpr(rows, cols, [=](Index r, Index c) {
    return 0.3 * static_cast<double>(c) + (1 + static_cast<double>(c)) * noise(seed, r, c, 0);
  });
}

/// r and d of every channel.
struct Limited {
  Eigen::ArrayXd r, d;

  Limited(const State<double>& state, const Moments& batch, const Options& options) {
    const Eigen::ArrayXd deviation = (state.running_variance.array() + options.epsilon).sqrt();
    const auto [r_max, d_max] = options.renormalization;
    r = ((batch.variance() + options.epsilon).sqrt() / deviation).max(1 / r_max).min(r_max);
    d = ((batch.mean - state.running_mean.array()) / deviation).max(-d_max).min(d_max);
  }
};

Matrix expected_y(const State<double>& state, const Matrix& x, const Moments& batch,
                  const Limited& limited, double epsilon) {
  Matrix y = x;
  const Eigen::ArrayXd inverse = (batch.variance() + epsilon).rsqrt();
  for (Index c = 0; c < x.cols(); ++c) {
    const Eigen::ArrayXd x_hat = (x.col(c).array() - batch.mean(c)) * inverse(c);
    y.col(c) = state.gamma(c) * (limited.r(c) * x_hat + limited.d(c)) + state.beta(c);
  }
  return y;
}

template <typename L>
class Renormalized : public ::testing::Test {};
TYPED_TEST_SUITE(Renormalized, LayoutsOf<double>::All, LayoutName);

TYPED_TEST(Renormalized, IsItsDefinition) {
  using L = TypeParam;
  for (const double r_max : {1.0, 1.2, 3.0, unlimited}) {
    for (const double d_max : {0.0, 0.1, 5.0, unlimited}) {
      const auto dimensions = L::dimensions(9, 5, 3);
      const Values values = pattern<double>(L::shape(dimensions), 700);
      auto x = L::filled(dimensions, values);
      typename L::Kind y(dimensions);
      const State<double> state = some_state<double>(5);
      BatchNorm<double, Train, typename L::Axis> norm(state, {.renormalization = {r_max, d_max}});
      const Moments batch = norm.moments(x.get());
      const Limited limited(state, batch, norm.options());
      norm.forward(x.get(), y.get());
      const Values got = L::values(y, dimensions);
      reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
        const double x_hat =
            (values(o, c, i) - batch.mean(c)) / std::sqrt(batch.variance()(c) + 1e-5);
        EXPECT_NEAR(got(o, c, i),
                    state.gamma(c) * (limited.r(c) * x_hat + limited.d(c)) + state.beta(c), 1e-13);
      });
    }
  }
}

TEST(Renormalization, OfNothingIsBatchNormalization) {
  BatchNorm<float> plain(some_state<float>(3)),
      limited(some_state<float>(3), {.renormalization = {.r_max = 1, .d_max = 0}});
  const Eigen::MatrixXf x = noise_matrix(20, 3, 1).cast<float>();
  EXPECT_TRUE(same_bits(plain.forward(x), limited.forward(x)));
  EXPECT_EQ(plain, limited);
}

TEST(Renormalization, WithoutLimitsIsInference) {
  BatchNorm<double> norm(some_state<double>(3), {.renormalization = {unlimited, unlimited}});
  const BatchNorm<double, Eval> before(norm);
  const Matrix x = noise_matrix(20, 3, 2);
  EXPECT_TRUE(norm.forward(x).isApprox(before.forward(x), 1e-13));
  EXPECT_EQ(norm.batches(), 8);
}

// The loss is taken with the r and d that the forward found, whatever x.
TEST(Renormalization, HasTheGradientOfConstantLimits) {
  const State<double> state = some_state<double>(3);
  const Options options{.renormalization = {1.3, 0.2}};
  BatchNorm<double> norm(state, options);
  const Matrix x = noise_matrix(6, 3, 3), weights = noise_matrix(6, 3, 4);
  const Limited limited(state, norm.moments(x), options);
  norm.forward(x);
  const Matrix dx = norm.backward(x, weights);
  const auto loss = [&](const State<double>& with, const Matrix& at) {
    const Matrix y = expected_y(with, at, batchnorm::moments(at), limited, options.epsilon);
    return (y.array() * weights.array()).sum();
  };
  for (Index k = 0; k < x.size(); ++k) {
    Matrix up = x, down = x;
    up(k) += 1e-5;
    down(k) -= 1e-5;
    EXPECT_NEAR(dx(k), (loss(state, up) - loss(state, down)) / 2e-5, 1e-8);
  }
  for (Index c = 0; c < 3; ++c) {
    State<double> more = state;
    more.gamma(c) += 1;
    EXPECT_NEAR(norm.gamma_gradient()(c), loss(more, x) - loss(state, x), 1e-12);
    more = state;
    more.beta(c) += 1;
    EXPECT_NEAR(norm.beta_gradient()(c), loss(more, x) - loss(state, x), 1e-12);
  }
}

TEST(Renormalization, InPhasesGivesTheBitsOfThePlainCalls) {
  BatchNorm<float, Train, ReLU> plain(some_state<float>(3), {.renormalization = {2, 0.5}}),
      phased = plain;
  const Eigen::MatrixXf x = noise_matrix(20, 3, 5).cast<float>(),
                        dy = noise_matrix(20, 3, 6).cast<float>();
  const Eigen::MatrixXf y = plain.forward(x), dx = plain.backward(x, dy);
  const Moments moments = phased.moments(x);
  EXPECT_TRUE(same_bits(phased.forward(x, moments), y));
  phased.observe(moments);
  const GradientSums sums = phased.gradient_sums(x, dy);
  EXPECT_TRUE(same_bits(phased.backward(x, dy, sums), dx));
  phased.learn(sums);
  EXPECT_TRUE(same_bits(phased.gamma_gradient(), plain.gamma_gradient()));
  EXPECT_TRUE(same_bits(phased.state(), plain.state()));
}

TEST(Renormalization, RepeatsWhatItTookWhereAPassIsComputedAgain) {
  BatchNorm<float> norm(some_state<float>(3), {.renormalization = {2, 0.5}});
  const Eigen::MatrixXf x = noise_matrix(20, 3, 7).cast<float>(),
                        other = noise_matrix(20, 3, 8).cast<float>();
  BatchNorm<float>::Saved saved, fresh;
  const Moments moments = norm.moments(x);
  const Eigen::MatrixXf y = norm.forward(saved, x, moments);
  norm.observe(moments);
  EXPECT_TRUE(same_bits(norm.forward(saved, x, moments), y));
  EXPECT_FALSE(same_bits(norm.forward(fresh, x, moments), y));
  // After a plain forward, too.
  const Eigen::MatrixXf z = norm.forward(saved, other);
  EXPECT_TRUE(same_bits(norm.forward(saved, other, saved.moments()), z));
}

// The moments may be equal, the running statistics are another layer's.
TEST(Renormalization, RepeatsNothingOfAnotherLayer) {
  BatchNorm<float> norm(some_state<float>(3), {.renormalization = {2, 0.5}}),
      other(some_state<float>(3, 50), {.renormalization = {2, 0.5}});
  const Eigen::MatrixXf x = noise_matrix(20, 3, 11).cast<float>();
  const Moments moments = norm.moments(x);
  BatchNorm<float>::Saved used, fresh;
  norm.forward(used, x, moments);
  EXPECT_TRUE(same_bits(other.forward(used, x, moments), other.forward(fresh, x, moments)));
  norm.forward(used, x, moments);
  norm.set_state(other.state());
  EXPECT_TRUE(same_bits(norm.forward(used, x, moments), other.forward(fresh, x, moments)));
}

TEST(Renormalization, ChangesOnALivingLayer) {
  BatchNorm<float> norm(some_state<float>(3)), limited = norm;
  const Eigen::MatrixXf x = noise_matrix(20, 3, 9).cast<float>();
  norm.forward(x);
  limited.forward(x);
  limited.set_renormalization({3, 5});
  EXPECT_EQ(limited.options().renormalization, (batchnorm::Renormalization{3, 5}));
  EXPECT_FALSE(same_bits(norm.forward(x), limited.forward(x)));
  limited.set_renormalization({});
  EXPECT_TRUE(same_bits(norm.forward(x), limited.forward(x)));
}

TEST(Renormalization, OfAChannelThatNeverVariedIsNone) {
  State<double> state = some_state<double>(1);
  state.running_variance(0) = 0;
  BatchNorm<double> norm(state, {.epsilon = 0, .renormalization = {2, 2}});
  const Matrix x = noise_matrix(6, 1, 10);
  const Matrix y = norm.forward(x);
  norm.set_renormalization({});
  norm.set_state(state);
  EXPECT_TRUE(same_bits(y, norm.forward(x)));
}

TEST(Renormalization, KeepsTheRangeOfUnits) {
  State<float> state = some_state<float>(1);
  state.running_variance(0) = 4e-80;
  state.running_mean(0) = 0;
  BatchNorm<float> norm(state, {.epsilon = 0, .renormalization = {8, 0}});
  Eigen::MatrixXf x(2, 1);
  x << 1e-40F, -1e-40F;
  const Eigen::MatrixXf y = norm.forward(x);
  const auto r = 0.5F;  // the batch's deviation is 1e-40, the running one 2e-40
  EXPECT_NEAR(y(0, 0), state.gamma(0) * r + state.beta(0), 1e-4);
  EXPECT_NEAR(y(1, 0), -state.gamma(0) * r + state.beta(0), 1e-4);
}

TEST(Renormalization, RefusesLimitsThatAreNone) {
  const auto refuses = [](const Options& options) {
    EXPECT_THROW(BatchNorm<float>(3, options), std::invalid_argument);
  };
  refuses({.renormalization = {0.9, 0}});
  refuses({.renormalization = {1, -0.1}});
  refuses({.renormalization = {std::nan(""), 0}});
  refuses({.renormalization = {2, std::nan("")}});
  BatchNorm<float> norm(3);
  const BatchNorm<float> before = norm;
  EXPECT_THROW(norm.set_renormalization({0, 0}), std::invalid_argument);
  EXPECT_EQ(norm, before);
  EXPECT_THROW((BatchNorm<float, Train, batchnorm::NoRunningStatistics>(
                   3, Options{.renormalization = {2, 0}})),
               std::invalid_argument);
}

TEST(Renormalization, IsPrinted) {
  std::ostringstream line;
  line << BatchNorm<float>(2, {.renormalization = {3, 5}});
  EXPECT_NE(line.str().find("renormalization {3, 5}"), std::string::npos);
}

}  // namespace
