#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "layouts.hpp"

// What a forward leaves for its backward is a value: any number of them may be in flight through a
// layer, and each serves its own pass alone.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Frozen, batchnorm::GradientSums, batchnorm::Moments,
    batchnorm::ReLU, batchnorm::residual, batchnorm::Train;
using Matrix = Eigen::MatrixXf;

template <typename Mode>
class SavedOf : public ::testing::Test {
 protected:
  using Layer = BatchNorm<float, Mode, ReLU>;
  using Saved = typename Layer::Saved;

  Layer norm{some_state<float>(3)};
  Matrix xa = noise_matrix<float>(8, 3, 1), xb = noise_matrix<float>(8, 3, 2),
         dy = noise_matrix<float>(8, 3, 3);
  Saved a, b;
};
using Modes = ::testing::Types<Train, Frozen>;
TYPED_TEST_SUITE(SavedOf, Modes);

TYPED_TEST(SavedOf, ServesItsOwnPassInAnyOrder) {
  auto alone_a = this->norm, alone_b = this->norm;
  alone_a.forward(this->xa);
  alone_b.forward(this->xb);
  this->norm.forward(this->a, this->xa);
  this->norm.forward(this->b, this->xb);
  EXPECT_TRUE(same_bits(this->norm.backward(this->a, this->xa, this->dy),
                        alone_a.backward(this->xa, this->dy)));
  EXPECT_TRUE(same_bits(this->norm.gamma_gradient(), alone_a.gamma_gradient()));
  EXPECT_TRUE(same_bits(this->norm.backward(this->b, this->xb, this->dy),
                        alone_b.backward(this->xb, this->dy)));
  EXPECT_TRUE(same_bits(this->norm.gamma_gradient(), alone_b.gamma_gradient()));
}

TYPED_TEST(SavedOf, LeavesTheLayersOwnAlone) {
  this->norm.forward(this->xa);
  this->norm.forward(this->b, this->xb);
  EXPECT_NO_THROW(this->norm.backward(this->xa, this->dy));
  EXPECT_NO_THROW(this->norm.backward(this->b, this->xb, this->dy));
}

TYPED_TEST(SavedOf, RefusesWhatItDidNotSee) {
  this->norm.forward(this->a, this->xa);
  const Eigen::VectorXf gradient = this->norm.gamma_gradient();
  expect_refused([&] { this->norm.backward(this->a, this->xb, this->dy); },
                 "backward got another x than the last forward");
  expect_refused([&] { this->norm.backward(this->a, this->xa, residual(this->xb), this->dy); },
                 "backward got a residual that the last forward did not have");
  expect_refused([&] { this->norm.backward(this->b, this->xb, this->dy); },
                 "backward without a forward");
  expect_refused([&] { (void)this->norm.gradient_sums(this->a, this->xb, this->dy); },
                 "backward got another x than the last forward");
  expect_refused([&] { this->norm.backward(this->a, noise_matrix<float>(7, 3, 1), this->dy); },
                 "of the last forward's shape (8, 3)");
  EXPECT_TRUE(same_bits(this->norm.gamma_gradient(), gradient));
}

TYPED_TEST(SavedOf, RefusesToServeAnotherLayer) {
  auto copy = this->norm;
  this->norm.forward(this->a, this->xa);
  const std::string sentence = "backward got the Saved of another layer";
  expect_refused([&] { copy.backward(this->a, this->xa, this->dy); }, sentence);
  expect_refused([&] { (void)copy.gradient_sums(this->a, this->xa, this->dy); }, sentence);
  const GradientSums sums = this->norm.gradient_sums(this->a, this->xa, this->dy);
  expect_refused([&] { copy.learn(this->a, sums); }, sentence);
  copy.forward(this->a, this->xa);
  EXPECT_NO_THROW(copy.backward(this->a, this->xa, this->dy));
}

TYPED_TEST(SavedOf, GoesWithALayerThatMoves) {
  const std::vector<Matrix> xs{this->xa, this->xb};
  std::vector<typename TestFixture::Layer> layers;
  std::vector<typename TestFixture::Saved> saved;
  for (std::size_t k = 0; k < xs.size(); ++k) {
    layers.push_back(this->norm);
    saved.emplace_back();
    layers[k].forward(saved[k], xs[k]);
  }
  for (std::size_t k = 0; k < xs.size(); ++k)
    EXPECT_NO_THROW(layers[k].backward(saved[k], xs[k], this->dy));
}

TYPED_TEST(SavedOf, IsAValue) {
  this->norm.forward(this->a, this->xa);
  const Matrix expected = this->norm.backward(this->a, this->xa, this->dy);
  auto copy = this->a;
  this->norm.forward(this->a, this->xb);
  EXPECT_TRUE(same_bits(this->norm.backward(copy, this->xa, this->dy), expected));
  auto moved = std::move(copy);
  EXPECT_TRUE(same_bits(this->norm.backward(moved, this->xa, this->dy), expected));
}

TYPED_TEST(SavedOf, ServesNobodyOnceItWasMovedFrom) {
  this->norm.forward(this->a, this->xa);
  auto moved = std::move(this->a);
  expect_refused([&] { this->norm.backward(this->a, this->xa, this->dy); },  // NOLINT
                 "backward without a forward");
  EXPECT_EQ(this->a.count(), 0);
  EXPECT_EQ(this->a.inverse_deviation().size(), 0);
  auto& itself = moved;
  moved = std::move(itself);
  EXPECT_GT(moved.inverse_deviation().size(), 0);
  EXPECT_NO_THROW(this->norm.backward(moved, this->xa, this->dy));
}

TYPED_TEST(SavedOf, GoesWithALayerThatIsMovedToAnother) {
  std::vector<typename TestFixture::Layer> layers(2, this->norm);
  layers[0].forward(this->a, this->xa);
  layers[1].forward(this->b, this->xb);
  layers.erase(layers.begin());
  EXPECT_NO_THROW(layers[0].backward(this->b, this->xb, this->dy));
  expect_refused([&] { layers[0].backward(this->a, this->xa, this->dy); },
                 "backward got the Saved of another layer");
}

TYPED_TEST(SavedOf, IsForgottenByANewState) {
  this->norm.forward(this->a, this->xa);
  this->norm.set_state(this->norm.state());
  expect_refused([&] { this->norm.backward(this->a, this->xa, this->dy); },
                 "or of another state of this one");
  this->norm.forward(this->a, this->xa);
  const auto other = this->norm;
  this->norm = other;
  expect_refused([&] { this->norm.backward(this->a, this->xa, this->dy); },
                 "backward got the Saved of another layer");
}

TYPED_TEST(SavedOf, OfTheLayerItselfIsCopiedWithIt) {
  this->norm.forward(this->xa);
  auto copy = this->norm;
  auto own = copy.saved();
  EXPECT_TRUE(same_bits(copy.backward(own, this->xa, this->dy), copy.backward(this->xa, this->dy)));
}

TYPED_TEST(SavedOf, IsForgottenByNoCopyOfTheLayer) {
  this->norm.forward(this->xa);
  auto copy = this->norm;
  EXPECT_TRUE(
      same_bits(copy.backward(this->xa, this->dy), this->norm.backward(this->xa, this->dy)));
}

TYPED_TEST(SavedOf, ServesAnotherNumberOfChannelsNext) {
  typename TestFixture::Layer wide(some_state<float>(70));
  const Matrix x = noise_matrix<float>(6, 70, 4), d = noise_matrix<float>(6, 70, 5);
  auto alone = wide;
  alone.forward(x);
  const Matrix expected = alone.backward(x, d);
  this->norm.forward(this->a, this->xa);
  wide.forward(this->a, x);
  EXPECT_TRUE(same_bits(wide.backward(this->a, x, d), expected));
  this->norm.forward(this->a, this->xa);
  EXPECT_NO_THROW(this->norm.backward(this->a, this->xa, this->dy));
}

TEST(SavedMoments, AreThoseThatThePassTook) {
  BatchNorm<float> norm(some_state<float>(3));
  BatchNorm<float>::Saved saved;
  EXPECT_EQ(saved.count(), 0);
  EXPECT_EQ(saved.moments().mean.size(), 0);
  EXPECT_EQ(saved.inverse_deviation().size(), 0);
  const Matrix x = noise_matrix<float>(9, 3, 6);
  const Moments expected = norm.moments(x);
  norm.forward(saved, x);
  EXPECT_EQ(saved.count(), 9);
  EXPECT_TRUE(same_bits(saved.moments().mean, expected.mean));
  EXPECT_TRUE(same_bits(saved.moments().m2, expected.m2));
  for (Index c = 0; c < 3; ++c) {
    EXPECT_NEAR(saved.inverse_deviation()(c), 1 / std::sqrt(expected.variance()(c) + 1e-5), 1e-15);
  }
  norm.forward(x);
  EXPECT_TRUE(same_bits(norm.saved().moments().m2, expected.m2));
}

TEST(SavedMoments, OfAnEmptyForwardAreNone) {
  BatchNorm<float> norm(some_state<float>(3));
  BatchNorm<float>::Saved saved;
  norm.forward(saved, noise_matrix<float>(9, 3, 12));
  norm.forward(saved, Matrix(0, 3));
  EXPECT_EQ(saved.count(), 0);
  EXPECT_EQ(saved.moments().mean.size(), 0);
  EXPECT_EQ(saved.inverse_deviation().size(), 0);
}

TEST(SavedMoments, OfGivenOnesAreThose) {
  BatchNorm<double> norm(some_state<double>(3));
  BatchNorm<double>::Saved saved;
  const Eigen::MatrixXd x = noise_matrix<float>(9, 3, 7).cast<double>(), none(0, 3);
  Moments given = norm.moments(x);
  given.merge(norm.moments(Eigen::MatrixXd(x.array() + 3)));
  for (const Eigen::MatrixXd& part : {x, none}) {
    norm.forward(saved, part, given);
    EXPECT_EQ(saved.count(), 18);
    EXPECT_TRUE(same_bits(saved.moments().mean, given.mean));
    EXPECT_TRUE(same_bits(saved.moments().mean_low, given.mean_low));
    EXPECT_EQ(saved.inverse_deviation().size(), 3);
  }
}

// Float data keeps no low part of a mean, its merged moments do.
TEST(SavedMoments, OfAPlainForwardForgetTheLowPartOfGivenOnes) {
  BatchNorm<float> norm(3);
  const Matrix x = noise_matrix<float>(9, 3, 8);
  Moments given = norm.moments(x);
  given.mean_low.setConstant(1e-20);
  BatchNorm<float>::Saved saved;
  norm.forward(saved, x, given);
  EXPECT_TRUE((saved.moments().mean_low == 1e-20).all());
  norm.forward(saved, x);
  EXPECT_EQ(saved.moments().mean_low.size(), 0);
}

TEST(SavedMoments, OfRunningStatisticsAreNone) {
  BatchNorm<float, Frozen> norm(some_state<float>(3));
  BatchNorm<float, Frozen>::Saved saved;
  norm.forward(saved, noise_matrix<float>(9, 3, 9));
  EXPECT_EQ(saved.count(), 0);
  EXPECT_EQ(saved.moments().count, 0);
  EXPECT_EQ(saved.inverse_deviation().size(), 3);
}

TEST(SavedOfALayerThatLearnsNothing, ServesThatLayer) {
  using Layer = BatchNorm<float, Train, batchnorm::NoAffine, batchnorm::NoRunningStatistics>;
  Layer norm(3);
  Layer::Saved saved;
  const Matrix x = noise_matrix<float>(9, 3, 10), dy = noise_matrix<float>(9, 3, 11);
  norm.forward(saved, x);
  norm.forward(x);
  EXPECT_TRUE(same_bits(norm.backward(saved, x, dy), norm.backward(x, dy)));
  Layer copy = norm;
  EXPECT_THROW(copy.backward(saved, x, dy), std::invalid_argument);
}

}  // namespace
