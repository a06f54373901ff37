#include <gtest/gtest.h>

#include <batchnorm/diagnose.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "fixtures.hpp"

// What diagnose says of a layer, against what the layer does.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::diagnose, batchnorm::Diagnosis, batchnorm::DiagnosisLimits,
    batchnorm::Eval, batchnorm::Moments, batchnorm::Momentum, batchnorm::Options, batchnorm::State,
    batchnorm::Train, batchnorm::Trouble;
using Matrix = Eigen::MatrixXd;
using Troubles = std::vector<Trouble>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct NamedMomentum {
  const char* name;
  Momentum momentum;
};

std::vector<NamedMomentum> momenta() {
  return {
      {"decay(0.9)", batchnorm::decay(0.9)},     {"decay(0)", batchnorm::decay(0)},
      {"decay(0.999)", batchnorm::decay(0.999)}, {"new_weight(1e-9)", batchnorm::new_weight(1e-9)},
      {"cumulative()", batchnorm::cumulative()}, {"pooled()", batchnorm::pooled()}};
}

/// A layer of one channel for each of the batches that it has seen, in which channel k is 1 in
/// batch k, and 0 in the others: its running means are the weights of the batches.
BatchNorm<double> layer_of_weights(Index batches, const Momentum& momentum) {
  BatchNorm<double> norm(batches, {.momentum = momentum});
  for (Index k = 0; k < batches; ++k) {
    Matrix x = Matrix::Zero(4, batches);
    x.col(k).setOnes();
    norm.forward(x);
  }
  return norm;
}

TEST(Diagnose, EffectiveBatchesAreThoseOfTheWeights) {
  for (const NamedMomentum& given : momenta()) {
    for (const Index batches : {1, 2, 17}) {
      const BatchNorm<double> norm = layer_of_weights(batches, given.momentum);
      const Eigen::ArrayXd weights = norm.running_mean();
      const double expected = std::pow(weights.sum(), 2) / weights.square().sum();
      EXPECT_NEAR(diagnose(norm).effective_batches[0], expected, 1e-6 * expected)
          << given.name << ", " << batches << " batches";
    }
  }
}

TEST(Diagnose, WhatNeverMovesIsOfNoBatch) {
  EXPECT_EQ(diagnose(layer_of_weights(3, batchnorm::decay(1))).effective_batches[0], 0);
  EXPECT_EQ(diagnose(layer_of_weights(3, batchnorm::decay(1))).start_left[0], 1);
  EXPECT_EQ(diagnose(BatchNorm<float>(2)).effective_batches[0], 0);
  EXPECT_EQ(diagnose(BatchNorm<float>(2)).start_left[0], 1);
}

/// Two layers that begin apart end apart by what is left of the start.
TEST(Diagnose, StartLeftIsWhatIsLeftOfTheStart) {
  for (const NamedMomentum& given : momenta()) {
    if (given.momentum.is_cumulative() || given.momentum.is_pooled()) continue;
    State<double> state = BatchNorm<double>(1).state();
    BatchNorm<double> zero(state, {.momentum = given.momentum});
    state.running_mean[0] = 1;
    BatchNorm<double> one(state, {.momentum = given.momentum});
    for (int batch = 0; batch < 7; ++batch) {
      EXPECT_NEAR(diagnose(zero).start_left[0], one.running_mean()[0] - zero.running_mean()[0],
                  1e-12)
          << given.name << " after " << batch << " batches";
      const Matrix x =
          Matrix::NullaryExpr(5, 1, [&](Index r, Index) { return noise(3, r, batch, 0); });
      one.forward(x);
      zero.forward(x);
    }
  }
}

TEST(Diagnose, TheFirstBatchReplacesTheStartWhereAllWeighTheSame) {
  for (const Momentum& momentum : {batchnorm::cumulative(), batchnorm::pooled()}) {
    BatchNorm<double> norm(1, {.momentum = momentum});
    EXPECT_EQ(diagnose(norm).start_left[0], 1);
    norm.forward(Matrix(Matrix::Random(4, 1)));
    EXPECT_EQ(diagnose(norm).start_left[0], 0);
  }
}

TEST(Diagnose, RejectedBatchesAreOfTheirChannelAlone) {
  BatchNorm<double> norm(2, {.momentum = batchnorm::decay(0.5)});
  for (int batch = 0; batch < 10; ++batch) {
    Matrix x = Matrix::Random(4, 2);
    if (batch < 8) x(1, 1) = kInfinity;
    norm.forward(x);
  }
  const Diagnosis diagnosis = diagnose(norm);
  EXPECT_EQ(diagnosis.rejected[0], 0);
  EXPECT_EQ(diagnosis.rejected[1], 0.8);
  EXPECT_EQ(diagnosis.start_left[0], std::pow(0.5, 10));
  EXPECT_EQ(diagnosis.start_left[1], 0.25);
  EXPECT_FALSE(diagnosis.has(Trouble::rejected, 0));
  EXPECT_TRUE(diagnosis.has(Trouble::rejected, 1));
}

/// What inference makes of the data has the drift as its mean and the ratio as its variance.
TEST(Diagnose, DriftAndRatioAreMeanAndVarianceOfInference) {
  for (const auto divisor :
       {batchnorm::RunningVariance::biased, batchnorm::RunningVariance::unbiased}) {
    BatchNorm<double> norm(3, {.epsilon = 1e-12, .running_variance = divisor});
    for (int batch = 0; batch < 5; ++batch) norm.forward(Matrix(Matrix::Random(50, 3)));
    Matrix x = Matrix::Random(200, 3);
    x.col(0) *= 7;
    x.col(1).array() += 1e3;
    const Diagnosis diagnosis = diagnose(norm, norm.moments(x));
    const Matrix y = BatchNorm<double, Eval>(norm).forward(x);
    const double less = divisor == batchnorm::RunningVariance::unbiased ? 1 : 0;
    for (Index c = 0; c < 3; ++c) {
      const double mean = y.col(c).mean();
      const double variance = (y.col(c).array() - mean).square().sum() / (200 - less);
      EXPECT_NEAR(diagnosis.mean_drift[c], mean, 1e-9 * (1 + std::abs(mean)));
      EXPECT_NEAR(diagnosis.variance_ratio[c], variance, 1e-9 * variance);
    }
  }
}

TEST(Diagnose, ADriftBelowTheDigitsOfTheMeanIsNotLost) {
  const Moments data{.count = 2,
                     .mean = Eigen::ArrayXd::Constant(1, 0x1p53),
                     .m2 = Eigen::ArrayXd::Constant(1, 1),
                     .mean_low = Eigen::ArrayXd::Constant(1, 0.75)};
  State<double> state = BatchNorm<double>(1).state();
  state.running_mean[0] = 0x1p53;
  EXPECT_NEAR(diagnose(state, {.epsilon = 0}, data).mean_drift[0], 0.75, 1e-12);
}

/// A channel that is 0 but in one of 500 batches has statistics of zeros: inference makes 949 of 3,
/// and the data tell it from one that is dead.
TEST(Diagnose, TellsWhatIsSeldomActiveFromWhatIsDead) {
  BatchNorm<double> norm(3);
  Moments data;
  for (int batch = 0; batch < 500; ++batch) {
    Matrix x = Matrix::Random(64, 3);
    x.rightCols(2).setZero();
    if (batch == 100) x(5, 2) = 3;
    norm.forward(x);
    data.merge(norm.moments(x));
  }
  const Matrix seldom = Eigen::RowVector3d(0, 0, 3);
  EXPECT_NEAR((BatchNorm<double, Eval>(norm).forward(seldom)(0, 2)), 949, 1);

  const Diagnosis alone = diagnose(norm);
  EXPECT_TRUE(alone.has(Trouble::dead, 1));
  EXPECT_TRUE(alone.has(Trouble::dead, 2));
  EXPECT_FALSE(alone.has(Trouble::dead, 0));

  const Diagnosis with_data = diagnose(norm, data);
  EXPECT_TRUE(with_data.has(Trouble::dead, 1));
  EXPECT_FALSE(with_data.has(Trouble::seldom_active, 1));
  EXPECT_FALSE(with_data.has(Trouble::dead, 2));
  EXPECT_TRUE(with_data.has(Trouble::seldom_active, 2));
  EXPECT_TRUE(with_data.has(Trouble::variance_ratio, 2));
  EXPECT_FALSE(with_data.has(Trouble::variance_ratio, 1));
}

/// A diagnosis of two channels at which nothing is wrong.
Diagnosis well() {
  const auto both = [](double value) { return Eigen::ArrayXd::Constant(2, value); };
  return {.batches = 1000,
          .epsilon = 1e-5,
          .start_left = both(0),
          .effective_batches = both(19),
          .rejected = both(0),
          .mean = both(0),
          .variance = both(1),
          .gamma = both(1),
          .beta = both(0),
          .mean_drift = both(0),
          .data_variance = both(1),
          .variance_ratio = both(1)};
}

/// One value of the second channel on both sides of each limit, which may be moved.
TEST(Diagnose, EachLimitIsTheBorderOfItsTrouble) {
  struct Case {
    Trouble trouble;
    Eigen::ArrayXd Diagnosis::*figure;
    double fine, bad;
    double DiagnosisLimits::*limit;
    double wider;
  };
  const std::vector<Case> cases{
      {Trouble::seldom_active, &Diagnosis::variance, 1.01e-5, 0.99e-5,
       &DiagnosisLimits::dead_variance, 0.9},
      {Trouble::small_gamma, &Diagnosis::gamma, -0.011, -0.009, &DiagnosisLimits::gamma, 0.001},
      {Trouble::small_gamma, &Diagnosis::gamma, 0.011, 0, &DiagnosisLimits::gamma, 0},
      {Trouble::rejected, &Diagnosis::rejected, 0, 0.1, &DiagnosisLimits::rejected, 0.2},
      {Trouble::start_values, &Diagnosis::start_left, 0.009, 0.011, &DiagnosisLimits::start_left,
       0.1},
      {Trouble::few_batches, &Diagnosis::effective_batches, 4.1, 3.9,
       &DiagnosisLimits::effective_batches, 2},
      {Trouble::mean_drift, &Diagnosis::mean_drift, -0.49, -0.51, &DiagnosisLimits::mean_drift, 1},
      {Trouble::variance_ratio, &Diagnosis::variance_ratio, 1.9, 2.1,
       &DiagnosisLimits::variance_ratio, 3},
      {Trouble::variance_ratio, &Diagnosis::variance_ratio, 0.51, 0.49,
       &DiagnosisLimits::variance_ratio, 3}};
  for (const Case& given : cases) {
    SCOPED_TRACE(name_of(given.trouble));
    Diagnosis diagnosis = well();
    (diagnosis.*given.figure)[1] = given.fine;
    EXPECT_TRUE(diagnosis.in_trouble().empty());
    (diagnosis.*given.figure)[1] = given.bad;
    EXPECT_EQ(diagnosis.in_trouble(), std::vector<Index>{1});
    for (const Trouble trouble : batchnorm::all_troubles) {
      EXPECT_EQ(diagnosis.has(trouble, 1), trouble == given.trouble) << name_of(trouble);
      EXPECT_FALSE(diagnosis.has(trouble, 0)) << name_of(trouble);
    }
    diagnosis.limits.*given.limit = given.wider;
    EXPECT_TRUE(diagnosis.in_trouble().empty());
  }
}

TEST(Diagnose, WhatIsNotFiniteIsTheWorst) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (Eigen::ArrayXd Diagnosis::*const figure :
       {&Diagnosis::mean, &Diagnosis::variance, &Diagnosis::gamma, &Diagnosis::beta,
        &Diagnosis::mean_drift, &Diagnosis::data_variance}) {
    for (const double value : {kNan, kInfinity, -kInfinity}) {
      Diagnosis diagnosis = well();
      diagnosis.variance[0] = 1e-7;
      (diagnosis.*figure)[1] = value;
      EXPECT_TRUE(diagnosis.has(Trouble::not_finite, 1));
      EXPECT_EQ(diagnosis.in_trouble(), (std::vector<Index>{1, 0}));
    }
  }
}

TEST(Diagnose, AStateThatNoLayerTakesIsNotCalledWell) {
  State<double> state = BatchNorm<double>(3).state();
  state.running_mean[0] = std::numeric_limits<double>::quiet_NaN();
  state.running_variance[1] = -1;
  state.beta[2] = kInfinity;
  const Diagnosis diagnosis = diagnose(state, {});
  for (Index c = 0; c < 3; ++c) EXPECT_TRUE(diagnosis.has(Trouble::not_finite, c)) << c;
  state.gamma.resize(2);
  expect_refused([&] { (void)diagnose(state, {}); }, "of 3 channels, got one of 2");
  state = BatchNorm<double>(3).state();
  state.rejected.setConstant(3, 1);
  expect_refused([&] { (void)diagnose(state, {}); }, "no more rejected batches than batches");
}

TEST(Diagnose, TheWorstComeFirst) {
  Diagnosis diagnosis = well();
  for (Eigen::ArrayXd* const figure :
       {&diagnosis.start_left, &diagnosis.effective_batches, &diagnosis.rejected, &diagnosis.mean,
        &diagnosis.variance, &diagnosis.gamma, &diagnosis.beta, &diagnosis.mean_drift,
        &diagnosis.data_variance, &diagnosis.variance_ratio}) {
    *figure = figure->head(1).replicate(5, 1).eval();
  }
  diagnosis.mean_drift << 2, 0, 1, 3, 2;
  EXPECT_EQ(diagnosis.in_trouble(), (std::vector<Index>{3, 0, 4, 2}));
  diagnosis.start_left.setConstant(0.5);
  EXPECT_EQ(diagnosis.in_trouble(), (std::vector<Index>{3, 0, 4, 2, 1}));
  diagnosis.rejected[2] = 0.001;
  EXPECT_EQ(diagnosis.in_trouble(), (std::vector<Index>{2, 3, 0, 4, 1}));
  diagnosis.variance[1] = 1e-6;
  EXPECT_EQ(diagnosis.in_trouble(), (std::vector<Index>{1, 2, 3, 0, 4}));
}

TEST(Diagnose, IsTheSameForEveryKindOfTheSameLayer) {
  BatchNorm<float> norm(8);
  for (int batch = 0; batch < 3; ++batch)
    norm.forward(Eigen::MatrixXf(Eigen::MatrixXf::Random(9, 8)));
  const auto text = [](const auto& layer) {
    std::ostringstream out;
    out << diagnose(layer);
    return out.str();
  };
  const std::string expected = text(norm);
  EXPECT_EQ(text(BatchNorm<float, Eval>(norm)), expected);
  EXPECT_EQ(text(BatchNorm<float, batchnorm::Frozen>(norm)), expected);
  EXPECT_EQ(text(BatchNorm<Eigen::bfloat16, Eval>(norm)), expected);
  EXPECT_EQ(text(BatchNorm<float, Train, batchnorm::Channels<8>>(norm)), expected);
}

TEST(Diagnose, TakesAStateThatLiesWithinItself) {
  const BatchNorm<float, Train, batchnorm::Channels<3>> norm;
  const Moments data = batchnorm::moments(Eigen::MatrixXf(Eigen::MatrixXf::Ones(4, 3)));
  EXPECT_EQ(diagnose(norm.state(), norm.options()).channels(), 3);
  EXPECT_TRUE(diagnose(norm.state(), norm.options(), data, {.mean_drift = 0.1})
                  .has(Trouble::mean_drift, 0));
}

TEST(Diagnose, ALayerWithoutGammaHasNoneThatIsSmall) {
  const BatchNorm<float, Train, batchnorm::ShiftOnly> norm(3);
  const Diagnosis diagnosis = diagnose(norm);
  EXPECT_EQ(diagnosis.gamma.size(), 0);
  EXPECT_FALSE(diagnosis.has(Trouble::small_gamma, 0));
}

std::string printed(const Diagnosis& diagnosis) {
  std::ostringstream out;
  out << diagnosis;
  return out.str();
}

TEST(Diagnose, PrintsWhatIsWrong) {
  Diagnosis diagnosis = well();
  EXPECT_EQ(printed(diagnosis), "2 channels, 1000 batches; none in trouble\n");
  diagnosis.variance[1] = 1e-12;
  diagnosis.variance_ratio[1] = 1e5;
  EXPECT_EQ(
      printed(diagnosis),
      "2 channels, 1000 batches; 1 in trouble: 1 seldom active, 1 variance ratio\n"
      "channel  run. var.     gamma  start left  eff. batches  rejected  drift, dev.  var. ratio"
      "  trouble\n"
      "      1      1e-12         1       0.0 %            19       0 %            0       1e+05"
      "  seldom active, variance ratio\n");
}

/// Keras and ONNX count no batches: nothing can be said of the start.
TEST(Diagnose, StatisticsWithoutACounterAreNotCalledNew) {
  BatchNorm<float> norm(3);
  for (int batch = 0; batch < 100; ++batch) norm.forward(noise_matrix<float>(9, 3, 1));
  State<float> state = norm.state();
  state.batches = 0;
  state.rejected.resize(0);
  const Diagnosis diagnosis = diagnose(state, norm.options());
  EXPECT_FALSE(diagnosis.is_counted);
  EXPECT_TRUE(std::isnan(diagnosis.start_left[0]) && std::isnan(diagnosis.effective_batches[0]));
  EXPECT_EQ(printed(diagnosis), "3 channels, batches not counted; none in trouble\n");
  state.gamma[1] = 0;
  EXPECT_NE(printed(diagnose(state, norm.options())).find("         ?             ?"),
            std::string::npos);
  EXPECT_TRUE(diagnose(BatchNorm<float>(3)).is_counted);
}

TEST(Diagnose, PrintsTenChannelsAndCountsTheRest) {
  State<double> state = BatchNorm<double>(13).state();
  state.batches = 1;
  state.gamma.setZero();
  const std::string text = printed(diagnose(state, {}));
  EXPECT_NE(text.find("13 channels, 1 batch; 13 in trouble"), std::string::npos) << text;
  EXPECT_NE(text.find("\nand 3 more\n"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 1 + 10 + 1);
}

TEST(Diagnose, RefusesWhatTellsNothing) {
  const BatchNorm<double> norm(3);
  expect_refused([&] { (void)diagnose(norm, Moments{}); }, "those of 0 values");
  expect_refused([&] { (void)diagnose(norm, batchnorm::moments(Matrix(Matrix::Random(4, 2)))); },
                 "expected moments of 3 channels, got 2 means");
  State<double> state = norm.state();
  state.running_mean.resize(0);
  expect_refused([&] { (void)diagnose(state, {}); }, "got 0 means and 3 variances");
}

}  // namespace
