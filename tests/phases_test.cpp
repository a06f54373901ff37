#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "parts.hpp"

// The phases of a step, one after the other, are the step; of several parts they are the step of
// all parts as one batch.

namespace {

using namespace fixtures;
using batchnorm::accumulate, batchnorm::inputs_only, batchnorm::residual;
using batchnorm::BatchNorm, batchnorm::Frozen, batchnorm::GradientSums, batchnorm::Moments,
    batchnorm::Options, batchnorm::ReLU, batchnorm::State, batchnorm::Train;

template <typename L>
class Phases : public ::testing::Test {
 protected:
  using Scalar = typename OfLayout<L>::Scalar;
  template <typename Mode>
  using Layer = BatchNorm<Scalar, Mode, ReLU, typename L::Axis>;

  static Layer<Train> some_layer() { return Layer<Train>(some_state<Scalar>(part_channels)); }
};

using LayoutsOfBoth = Joined<LayoutsOf<float>::All, LayoutsOf<double>::All>::Types;
TYPED_TEST_SUITE(Phases, LayoutsOfBoth, LayoutName);

TYPED_TEST(Phases, InARowGiveTheBitsOfThePlainCalls) {
  using L = TypeParam;
  for (const Index samples : {2, 3, 40, 700}) {
    auto plain = TestFixture::some_layer(), phased = plain;
    Part<L> a(samples, 600), b(samples, 600);
    plain.forward(a.x.get(), residual(a.r.get()), a.y.get());
    plain.backward(a.x.get(), residual(a.r.get()), a.dy.get(), a.dx.get(), a.dr.get());

    const Moments moments = phased.moments(b.x.get());
    phased.forward(b.x.get(), residual(b.r.get()), moments, b.y.get());
    phased.observe(moments);
    const GradientSums sums = phased.gradient_sums(b.x.get(), residual(b.r.get()), b.dy.get());
    phased.backward(b.x.get(), residual(b.r.get()), b.dy.get(), sums, b.dx.get(), b.dr.get());
    phased.learn(sums);

    const auto values = [&](Part<L>& part, auto which) {
      return L::values(part.*which, part.dimensions);
    };
    for (const auto which : {&Part<L>::y, &Part<L>::dx, &Part<L>::dr})
      EXPECT_TRUE(same_bits(values(a, which), values(b, which))) << samples;
    EXPECT_TRUE(same_bits(plain.gamma_gradient(), phased.gamma_gradient())) << samples;
    EXPECT_TRUE(same_bits(plain.beta_gradient(), phased.beta_gradient())) << samples;
    EXPECT_TRUE(same_bits(plain.state(), phased.state())) << samples;
  }
}

TYPED_TEST(Phases, OfPartsAreTheStepOfTheJoinedBatch) {
  using L = TypeParam;
  auto layer = TestFixture::some_layer();
  const reference::State before = to_reference(layer.state());
  auto parts = some_parts<L>();
  step_of_parts(layer, parts, true);

  reference::Settings settings;
  settings.relu = true;
  const Values x = joined(parts, &Part<L>::x), r = joined(parts, &Part<L>::r);
  EXPECT_LE(worst_error<typename TestFixture::Scalar>(
                joined(parts, &Part<L>::y), reference::forward(settings, before, x, &r),
                reference::forward_magnitude(settings, before, x, &r)),
            forward_roundoffs<typename TestFixture::Scalar>);
  const reference::Gradients gradients =
      reference::backward(settings, before, x, &r, joined(parts, &Part<L>::dy));
  EXPECT_LE(worst_error<typename TestFixture::Scalar>(joined(parts, &Part<L>::dx), gradients.dx,
                                                      gradients.dx_magnitude),
            backward_roundoffs<typename TestFixture::Scalar>);
  EXPECT_TRUE(same_bits(joined(parts, &Part<L>::dr), gradients.dresidual));
  EXPECT_LE(worst_error<typename TestFixture::Scalar>(layer.gamma_gradient(), gradients.dgamma,
                                                      gradients.dgamma_magnitude),
            backward_roundoffs<typename TestFixture::Scalar>);
  EXPECT_LE(worst_error<typename TestFixture::Scalar>(layer.beta_gradient(), gradients.dbeta,
                                                      gradients.dbeta_magnitude),
            backward_roundoffs<typename TestFixture::Scalar>);
  expect_running<typename TestFixture::Scalar>(layer,
                                               reference::after_forward(settings, before, x));
}

TYPED_TEST(Phases, OfSingleValuesAreJudgedTogether) {
  using L = TypeParam;
  if constexpr (L::rank == 2) {
    auto layer = TestFixture::some_layer();
    Part<L> a(1, 610), b(1, 620);
    const auto row = [](auto&& matrix) {
      return L::axis == 1 ? matrix.topRows(1).eval() : matrix.leftCols(1).eval();
    };
    const auto xa = row(a.x.get()), xb = row(b.x.get());
    EXPECT_THROW(layer.forward(xa), std::invalid_argument);
    Moments moments = layer.moments(xa);
    EXPECT_EQ(moments.count, 1);
    EXPECT_THROW(layer.observe(moments), std::invalid_argument);
    EXPECT_THROW(layer.forward(xa, moments), std::invalid_argument);
    moments.merge(layer.moments(xb));
    EXPECT_NO_THROW(layer.forward(xa, moments));
    layer.observe(moments);
    EXPECT_EQ(layer.batches(), 8);
  }
}

using Matrix = Eigen::MatrixXf;

TEST(GivenMoments, MoveNothing) {
  BatchNorm<float> norm(some_state<float>(3));
  const State<float> before = norm.state();
  const Matrix x = noise_matrix<float>(20, 3, 1);
  const Moments moments = norm.moments(x);
  norm.forward(x, moments);
  const BatchNorm<float>& constant = norm;
  BatchNorm<float>::Saved saved;
  constant.forward(saved, x, moments);
  EXPECT_TRUE(same_bits(norm.state(), before));
  norm.observe(moments);
  EXPECT_EQ(norm.batches(), before.batches + 1);
}

// Recomputation and a second ascent step see a batch twice; the statistics see it once.
TEST(GivenMoments, OfTwoForwardsAreObservedOnce) {
  BatchNorm<float> once(4), twice(4);
  const Matrix x = noise_matrix<float>(30, 4, 2);
  const Matrix y = once.forward(x);
  const Moments moments = twice.moments(x);
  for (int pass = 0; pass < 2; ++pass) EXPECT_TRUE(same_bits(twice.forward(x, moments), y));
  twice.observe(moments);
  EXPECT_TRUE(same_bits(once.state(), twice.state()));
}

TEST(GivenMoments, OfAnotherBatchNormaliseWithThose) {
  BatchNorm<double> norm(2, {.epsilon = 0});
  Eigen::MatrixXd reference(4, 2), x(1, 2);
  reference << 1, 10, 3, 10, 1, 30, 3, 30;
  x << 4, 40;
  const Eigen::MatrixXd y = norm.forward(x, norm.moments(reference));
  EXPECT_EQ(y(0, 0), 2);
  EXPECT_EQ(y(0, 1), 2);
}

TEST(GivenMoments, FollowTheOptionForValuesThatAreNotFinite) {
  for (const auto rule : {batchnorm::NonFinite::reject, batchnorm::NonFinite::propagate}) {
    BatchNorm<float> plain(some_state<float>(3), {.non_finite = rule}), phased = plain;
    Matrix x = noise_matrix<float>(40, 3, 3);
    x(7, 1) = std::numeric_limits<float>::infinity();
    const Matrix y = plain.forward(x);
    const Moments moments = phased.moments(x);
    const Matrix z = phased.forward(x, moments);
    phased.observe(moments);
    EXPECT_TRUE(same_bits(plain.state(), phased.state()));
    EXPECT_TRUE(y.col(1).array().isNaN().all() && z.col(1).array().isNaN().all());
    EXPECT_TRUE(same_bits(y.col(2), z.col(2)));
  }
}

TEST(GivenMoments, OfOneValueFollowTheOption) {
  BatchNorm<float> norm(some_state<float>(3),
                        {.single_value = batchnorm::SingleValue::use_running});
  const State<float> before = norm.state();
  const Matrix x = noise_matrix<float>(1, 3, 4), dy = noise_matrix<float>(1, 3, 5);
  BatchNorm<float> plain = norm;
  const Matrix y = plain.forward(x), dx = plain.backward(x, dy);
  const Moments moments = norm.moments(x);
  EXPECT_TRUE(same_bits(norm.forward(x, moments), y));
  norm.observe(moments);
  EXPECT_TRUE(same_bits(norm.state(), before));
  const GradientSums sums = norm.gradient_sums(x, dy);
  EXPECT_TRUE(same_bits(norm.backward(x, dy, sums), dx));
  norm.learn(sums);
  EXPECT_TRUE(same_bits(norm.gamma_gradient(), plain.gamma_gradient()));
}

TEST(Observe, OfNothingDoesNothing) {
  BatchNorm<float> norm(some_state<float>(3));
  const State<float> before = norm.state();
  norm.observe({});
  norm.observe(norm.moments(Matrix(0, 3)));
  EXPECT_TRUE(same_bits(norm.state(), before));
}

TEST(Observe, CountsWithoutRunningStatisticsToo) {
  BatchNorm<float, Train, batchnorm::NoRunningStatistics> norm(3);
  norm.observe(norm.moments(noise_matrix<float>(5, 3, 6)));
  EXPECT_EQ(norm.batches(), 1);
}

// Whose moments they are, their number does not tell.
TEST(GivenMoments, HaveNoPlainBackwardUnlessTheyAreOfThePassItself) {
  BatchNorm<float> norm(some_state<float>(3));
  const Matrix x = noise_matrix<float>(6, 3, 30), other = noise_matrix<float>(6, 3, 31),
               dy = noise_matrix<float>(6, 3, 32);
  norm.forward(x, norm.moments(other));
  expect_refused([&] { norm.backward(x, dy); }, "backward of a forward that was given moments");
  BatchNorm<float>::Saved saved;
  norm.forward(saved, x);
  const Matrix dx = norm.backward(saved, x, dy);
  norm.forward(saved, x, saved.moments());
  EXPECT_TRUE(same_bits(norm.backward(saved, x, dy), dx));
}

// Deviations near the smallest float are measured in units, which sums do not tell.
TEST(GivenSums, ServeAPassThatIsComputedAgainElsewhere) {
  BatchNorm<float> norm(2, {.epsilon = 0});
  const Matrix x = noise_matrix<float>(8, 2, 33) * 1e-40F, usual = noise_matrix<float>(8, 2, 34),
               dy = noise_matrix<float>(8, 2, 35) * 1e-5F;
  const Moments moments = norm.moments(x);
  BatchNorm<float>::Saved first, fresh, used;
  norm.forward(first, x, moments);
  const GradientSums sums = norm.gradient_sums(first, x, dy);
  const Matrix dx = norm.backward(first, x, dy, sums);
  EXPECT_TRUE(dx.allFinite());
  norm.forward(used, usual);
  norm.backward(used, usual, dy);
  for (auto* saved : {&fresh, &used}) {
    norm.forward(*saved, x, moments);
    EXPECT_TRUE(same_bits(norm.backward(*saved, x, dy, sums), dx));
  }
}

class Refusals : public ::testing::Test {
 protected:
  BatchNorm<float> norm{some_state<float>(3)};
  Matrix x = noise_matrix<float>(8, 3, 7), dy = noise_matrix<float>(8, 3, 8),
         other = noise_matrix<float>(8, 4, 9);
  Moments moments = norm.moments(x);
};

TEST_F(Refusals, NameMomentsThatDoNotFit) {
  const Moments of_four = batchnorm::moments(other);
  const State<float> before = norm.state();
  Matrix y(2, 2);
  expect_refused([&] { norm.forward(x, of_four, y); }, "forward: expected moments of 3 channels");
  expect_refused([&] { norm.forward(x, Moments{}, y); }, "forward got moments of no values");
  expect_refused([&] { norm.observe(of_four); }, "observe: expected moments of 3 channels");
  Moments broken = moments;
  broken.m2.resize(1);
  expect_refused([&] { norm.observe(broken); }, "got mean, m2 and mean_low of 3, 1 and 3");
  broken = moments;
  broken.m2(1) = -2;
  expect_refused([&] { norm.observe(broken); }, "with an m2 of at least 0, got -2 in channel 1");
  broken = moments;
  broken.mean(2) = 1e60;
  expect_refused([&] { norm.observe(broken); },
                 "in the range of the layer's parameters, got 1e+60");
  broken.count = -1;
  expect_refused([&] { norm.forward(x, broken, y); }, "expected moments of at least 0 values");
  EXPECT_EQ(y.rows(), 2);
  EXPECT_TRUE(same_bits(norm.state(), before));
}

TEST_F(Refusals, NameSumsThatNobodyMerged) {
  const Matrix second = noise_matrix<float>(5, 3, 10);
  moments.merge(norm.moments(second));
  BatchNorm<float>::Saved a, b;
  norm.forward(a, x, moments);
  norm.forward(b, second, moments);
  const GradientSums part = norm.gradient_sums(a, x, dy);
  Matrix dx(2, 2);
  const Eigen::VectorXf gradient = norm.gamma_gradient();
  expect_refused([&] { norm.backward(a, x, dy, part, dx); },
                 "backward: expected gradient sums of 13 values per channel");
  expect_refused([&] { norm.learn(a, part); },
                 "learn: expected gradient sums of 13 values per channel");
  GradientSums negative = part;
  negative.count = -3;
  expect_refused([&] { norm.learn(a, negative); }, "of at least 0 values, got -3");
  expect_refused([&] { norm.learn(part); }, "learn without a forward");
  expect_refused([&] { norm.learn(a, GradientSums{}); },
                 "learn: expected gradient sums of 3 channels");
  EXPECT_EQ(dx.rows(), 2);
  EXPECT_TRUE(same_bits(norm.gamma_gradient(), gradient));
  // The plain backward of a part takes its own sums: they are not those of all.
  expect_refused([&] { norm.backward(a, x, dy); }, "backward of a forward that was given moments");
}

TEST_F(Refusals, NameSumsOfOtherChannels) {
  GradientSums sums;
  sums.count = 2;
  sums.sum = sums.product = Eigen::ArrayXd::Zero(4);
  GradientSums others = sums;
  others.sum = others.product = Eigen::ArrayXd::Zero(3);
  expect_refused([&] { sums.merge(others); }, "merge: expected gradient sums of 4 channels, got 3");
  others.product.resize(1);
  expect_refused([&] { sums.merge(others); }, "merge: expected a value per channel in sum and");
  others.count = -2;
  expect_refused([&] { sums.merge(others); }, "merge: expected a count of at least 0");
}

TEST(GradientSumsMerge, HasAnIdentity) {
  GradientSums sums;
  sums.count = 2;
  sums.sum = Eigen::ArrayXd::Constant(3, 1.5);
  sums.product = Eigen::ArrayXd::Constant(3, -2);
  GradientSums left, right = sums;
  left.merge(sums);
  right.merge(GradientSums{});
  for (const GradientSums& merged : {left, right}) {
    EXPECT_EQ(merged.count, 2);
    EXPECT_TRUE(same_bits(merged.sum, sums.sum));
    EXPECT_TRUE(same_bits(merged.product, sums.product));
  }
}

// Of two parts, the loss is of one and x of the other.
TEST(SharedStatistics, PassTheGradientOfOnePartToTheOther) {
  using Doubles = Eigen::MatrixXd;
  BatchNorm<double> norm(some_state<double>(2));
  const Doubles xa = noise_matrix<double>(4, 2, 11), xb = noise_matrix<double>(3, 2, 12);
  const Doubles weights = noise_matrix<double>(3, 2, 13);
  const auto loss = [&](const Doubles& a) {
    Moments moments = norm.moments(a);
    moments.merge(norm.moments(xb));
    return (norm.forward(xb, moments).array() * weights.array()).sum();
  };
  Moments moments = norm.moments(xa);
  moments.merge(norm.moments(xb));
  BatchNorm<double>::Saved a, b;
  norm.forward(a, xa, moments);
  norm.forward(b, xb, moments);
  const Doubles none = Doubles::Zero(4, 2);
  GradientSums sums = norm.gradient_sums(a, xa, none);
  sums.merge(norm.gradient_sums(b, xb, weights));
  const Doubles dx = norm.backward(a, xa, none, sums);
  EXPECT_GT(dx.cwiseAbs().maxCoeff(), 1e-3);
  for (Index k = 0; k < xa.size(); ++k) {
    Doubles up = xa, down = xa;
    up(k) += 1e-5;
    down(k) -= 1e-5;
    EXPECT_NEAR(dx(k), (loss(up) - loss(down)) / 2e-5, 1e-8);
  }
}

// Each twin is a pass of its own through one layer, as if through two with the same parameters.
TEST(Twins, AreTwoCopiesOfTheLayer) {
  const Matrix xa = noise_matrix<float>(9, 3, 14), xb = noise_matrix<float>(9, 3, 15),
               da = noise_matrix<float>(9, 3, 16), db = noise_matrix<float>(9, 3, 17);
  BatchNorm<float> shared(some_state<float>(3)), first = shared, second = shared;
  BatchNorm<float>::Saved a, b;
  const Matrix ya = shared.forward(a, xa), yb = shared.forward(b, xb);
  const Matrix dxa = shared.backward(a, xa, da), dxb = shared.backward(b, xb, db, accumulate);
  EXPECT_TRUE(same_bits(ya, first.forward(xa)));
  EXPECT_TRUE(same_bits(yb, second.forward(xb)));
  EXPECT_TRUE(same_bits(dxa, first.backward(xa, da)));
  EXPECT_TRUE(same_bits(dxb, second.backward(xb, db)));
  const Eigen::VectorXf sum = first.gamma_gradient() + second.gamma_gradient();
  EXPECT_TRUE(shared.gamma_gradient().isApprox(sum, 1e-6F));
  EXPECT_EQ(shared.batches(), 9);
}

TEST(InputsOnly, LeavesTheGradientsOfTheParameters) {
  const Matrix x = noise_matrix<float>(9, 3, 18), dy = noise_matrix<float>(9, 3, 19);
  const auto expect_left = [&](auto norm) {
    norm.forward(x);
    const Matrix expected = norm.backward(x, dy);
    norm.forward(x);
    norm.backward(x, noise_matrix<float>(9, 3, 20));
    const Eigen::VectorXf gamma = norm.gamma_gradient(), beta = norm.beta_gradient();
    EXPECT_TRUE(same_bits(norm.backward(x, dy, inputs_only), expected));
    EXPECT_TRUE(same_bits(norm.gamma_gradient(), gamma));
    EXPECT_TRUE(same_bits(norm.beta_gradient(), beta));
    norm.learn(norm.gradient_sums(x, dy), inputs_only);
    EXPECT_TRUE(same_bits(norm.gamma_gradient(), gamma));
  };
  expect_left(
      BatchNorm<float, Train, ReLU>(some_state<float>(3), {.momentum = batchnorm::decay(1)}));
  expect_left(BatchNorm<float, Frozen, ReLU>(some_state<float>(3)));
}

// A Frozen layer has no statistics to share: the sums are those of its parameters.
TEST(PhasesOfFrozen, AreItsStep) {
  const Matrix x = noise_matrix<float>(9, 3, 21), dy = noise_matrix<float>(9, 3, 22);
  BatchNorm<float, Frozen, ReLU> plain(some_state<float>(3)), phased = plain;
  const auto& constant = phased;
  decltype(phased)::Saved saved;
  EXPECT_TRUE(same_bits(constant.forward(saved, x), plain.forward(x)));
  const Matrix dx = plain.backward(x, dy);
  const GradientSums sums = constant.gradient_sums(saved, x, dy);
  EXPECT_TRUE(same_bits(constant.backward(saved, x, dy, sums), dx));
  phased.learn(saved, sums);
  EXPECT_TRUE(same_bits(phased.gamma_gradient(), plain.gamma_gradient()));
  phased.learn(saved, sums, accumulate);
  EXPECT_TRUE(same_bits(phased.beta_gradient(), (2 * plain.beta_gradient()).eval()));
}

TEST(WritingForms, AreTheReturningOnes) {
  BatchNorm<float> norm(some_state<float>(3));
  const Matrix x = noise_matrix<float>(9, 3, 23), dy = noise_matrix<float>(9, 3, 24);
  Moments moments;
  norm.moments(x, moments);
  EXPECT_TRUE(same_bits(moments.mean, norm.moments(x).mean));
  norm.forward(x);
  GradientSums sums;
  norm.gradient_sums(x, dy, sums);
  EXPECT_TRUE(same_bits(sums.product, norm.gradient_sums(x, dy).product));
  Matrix dx;
  norm.backward(x, sums, dy, dx);
  EXPECT_TRUE(same_bits(dx, norm.backward(x, dy, sums)));
}

}  // namespace
