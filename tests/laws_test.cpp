#include <gtest/gtest.h>

#include <cmath>

#include "layouts.hpp"

// What batch normalization promises, as equations between its own inputs and outputs.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;

template <typename L>
class Laws : public ::testing::Test {
 protected:
  using Dims = typename L::Dims;
  template <typename Mode>
  using Layer = BatchNorm<float, Mode, typename L::Axis>;

  const Dims dimensions = L::dimensions(9, 5, 34);
  const reference::Shape shape = L::shape(dimensions);
  const batchnorm::State<float> state = some_state<float>(5);
  typename L::Kind x_ = L::filled(dimensions, pattern<float>(shape, 41));
  typename L::Kind dy_ = L::filled(dimensions, pattern<float>(shape, 42));
  typename L::Kind y_{dimensions}, dx_{dimensions};

  Values values(typename L::Kind& kind) { return L::values(kind, dimensions); }
};
TYPED_TEST_SUITE(Laws, Layouts, LayoutName);

/// The mean of M outputs that are each off by some roundoffs is off by no more than that.
constexpr double tolerance = 8 * 0x1p-24;

TYPED_TEST(Laws, TrainingGivesMeanBetaAndVarianceGammaSquared) {
  typename TestFixture::template Layer<Train> layer(this->state, {.epsilon = 0});
  layer.forward(this->x_.get(), this->y_.get());
  const reference::Statistics of_y = reference::batch_statistics(this->values(this->y_));
  for (Index c = 0; c < 5; ++c) {
    const double gamma = this->state.gamma(c), beta = this->state.beta(c);
    const double size = std::abs(gamma) + std::abs(beta);
    EXPECT_NEAR(reference::channel(of_y.mean, c, 0), beta, tolerance * size);
    EXPECT_NEAR(reference::channel(of_y.variance, c, 0), gamma * gamma,
                2 * tolerance * size * std::abs(gamma));
  }
}

TYPED_TEST(Laws, ScalingTheInputByAPowerOfTwoChangesNoBit) {
  typename TestFixture::template Layer<Train> layer(this->state, {.epsilon = 0});
  layer.forward(this->x_.get(), this->y_.get());
  Values moved = this->values(this->x_);
  reference::for_each(this->shape, [&](Index o, Index c, Index i) { moved(o, c, i) *= 64; });
  auto scaled = TypeParam::filled(this->dimensions, moved);
  layer.forward(scaled.get(), scaled.get());
  EXPECT_TRUE(same_bits(this->values(scaled), this->values(this->y_)));
}

TYPED_TEST(Laws, TrainingHasNoGradientAlongConstantsAndAlongItsInput) {
  typename TestFixture::template Layer<Train> layer(this->state, {.epsilon = 0});
  layer.forward(this->x_.get(), this->y_.get());
  layer.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  reference::Settings settings;
  settings.epsilon = 0;
  const Values dx = this->values(this->dx_), x = this->values(this->x_);
  const Values x_hat = reference::normalized(settings, to_reference(this->state), x);
  for (Index c = 0; c < 5; ++c) {
    double sum = 0, projection = 0, size = 0;
    for (Index o = 0; o < this->shape.outer; ++o)
      for (Index i = 0; i < this->shape.inner; ++i) {
        sum += dx(o, c, i);
        projection += dx(o, c, i) * x_hat(o, c, i);
        size += std::abs(dx(o, c, i));
      }
    EXPECT_NEAR(sum, 0, tolerance * size);
    EXPECT_NEAR(projection, 0, 2 * tolerance * size);
    EXPECT_GT(size, 1);
  }
}

TYPED_TEST(Laws, FrozenAndEvalNeverWriteTheState) {
  typename TestFixture::template Layer<Frozen> frozen(this->state);
  const typename TestFixture::template Layer<Eval> eval(this->state);
  for (int step = 0; step < 3; ++step) {
    frozen.forward(this->x_.get(), this->y_.get());
    frozen.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
    frozen.backward(this->x_.get(), this->dy_.get(), this->dx_.get(), batchnorm::accumulate);
    eval.forward(this->x_.get(), this->y_.get());
    eval.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  }
  EXPECT_TRUE(same_bits(frozen.state(), this->state));
  EXPECT_TRUE(same_bits(eval.state(), this->state));
}

TYPED_TEST(Laws, NoForwardWritesItsInputsAndNoBackwardTheState) {
  typename TestFixture::template Layer<Train> layer(this->state);
  const Values x = this->values(this->x_), dy = this->values(this->dy_);
  layer.forward(this->x_.get(), this->y_.get());
  const batchnorm::State<float> after_forward = layer.state();
  layer.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  EXPECT_TRUE(same_bits(layer.state(), after_forward));
  EXPECT_TRUE(same_bits(this->values(this->x_), x));
  EXPECT_TRUE(same_bits(this->values(this->dy_), dy));
}

TYPED_TEST(Laws, FrozenAndEvalGiveTheSameOutputAndInputGradient) {
  typename TestFixture::template Layer<Frozen> frozen(this->state);
  const typename TestFixture::template Layer<Eval> eval(this->state);
  frozen.forward(this->x_.get(), this->y_.get());
  const Values y = this->values(this->y_);
  eval.forward(this->x_.get(), this->y_.get());
  EXPECT_TRUE(same_bits(this->values(this->y_), y));
  frozen.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  const Values dx = this->values(this->dx_);
  eval.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  EXPECT_TRUE(same_bits(this->values(this->dx_), dx));
}

TYPED_TEST(Laws, AssigningReplacesAndAccumulatingAddsGradients) {
  typename TestFixture::template Layer<Train> layer(this->state);
  layer.forward(this->x_.get(), this->y_.get());
  layer.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  const Eigen::VectorXf dgamma = layer.gamma_gradient(), dbeta = layer.beta_gradient();
  layer.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  EXPECT_TRUE(same_bits(layer.gamma_gradient(), dgamma));
  EXPECT_TRUE(same_bits(layer.beta_gradient(), dbeta));
  const Values dx = this->values(this->dx_);
  layer.backward(this->x_.get(), this->dy_.get(), this->dx_.get(), batchnorm::accumulate);
  layer.backward(this->x_.get(), this->dy_.get(), batchnorm::accumulate);
  EXPECT_TRUE(same_bits(this->values(this->dx_), dx));
  EXPECT_TRUE(layer.gamma_gradient().isApprox(3 * dgamma));
  EXPECT_TRUE(layer.beta_gradient().isApprox(3 * dbeta));
}

TYPED_TEST(Laws, AccumulatingWithAResidualAddsTheSame) {
  typename TestFixture::template Layer<Train> layer(this->state);
  auto r = TypeParam::filled(this->dimensions, pattern<float>(this->shape, 43));
  typename TypeParam::Kind dr(this->dimensions);
  layer.forward(this->x_.get(), batchnorm::residual(r.get()), this->y_.get());
  layer.backward(this->x_.get(), batchnorm::residual(r.get()), this->dy_.get());
  const Eigen::VectorXf dgamma = layer.gamma_gradient(), dbeta = layer.beta_gradient();
  layer.backward(this->x_.get(), batchnorm::residual(r.get()), this->dy_.get(), this->dx_.get(),
                 dr.get(), batchnorm::accumulate);
  layer.backward(this->x_.get(), batchnorm::residual(r.get()), this->dy_.get(),
                 batchnorm::accumulate);
  EXPECT_TRUE(layer.gamma_gradient().isApprox(3 * dgamma));
  EXPECT_TRUE(layer.beta_gradient().isApprox(3 * dbeta));
}

TYPED_TEST(Laws, AnEmptyBatchGivesAnEmptyOutputAndMovesNothing) {
  const auto nothing = TypeParam::dimensions(0, 5, 34);
  typename TypeParam::Kind x(nothing), dy(nothing), empty(nothing);
  typename TestFixture::template Layer<Train> layer(this->state);
  const typename TestFixture::template Layer<Eval> eval(this->state);
  typename TestFixture::template Layer<Frozen> frozen(this->state);
  EXPECT_EQ(frozen.forward(x.get()).size(), 0);
  EXPECT_EQ(frozen.backward(x.get(), dy.get()).size(), 0);
  EXPECT_EQ(eval.forward(x.get()).size(), 0);
  EXPECT_EQ(eval.backward(x.get(), dy.get()).size(), 0);
  layer.forward(this->x_.get(), this->y_.get());
  layer.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  const auto trained = layer.state();
  const Eigen::VectorXf dgamma = layer.gamma_gradient();
  EXPECT_EQ(layer.forward(x.get()).size(), 0);
  layer.backward(x.get(), dy.get(), empty.get(), batchnorm::accumulate);
  EXPECT_EQ(layer.gamma_gradient(), dgamma);
  layer.backward(x.get(), dy.get(), empty.get());
  EXPECT_TRUE((layer.gamma_gradient().array() == 0).all());
  EXPECT_TRUE((layer.beta_gradient().array() == 0).all());
  EXPECT_TRUE(same_bits(layer.state(), trained));
}

TYPED_TEST(Laws, TheReLUOfTheGradientIsTheReLUOfTheOutput) {
  const BatchNorm<float, Eval, batchnorm::ReLU, typename TypeParam::Axis> layer(this->state);
  const Values ones = [&] {
    Values values(this->shape);
    reference::for_each(this->shape, [&](Index o, Index c, Index i) { values(o, c, i) = 1; });
    return values;
  }();
  auto dy = TypeParam::filled(this->dimensions, ones);
  layer.forward(this->x_.get(), this->y_.get());
  layer.backward(this->x_.get(), dy.get(), this->dx_.get());
  const Values y = this->values(this->y_), dx = this->values(this->dx_);
  Index open = 0;
  reference::for_each(this->shape, [&](Index o, Index c, Index i) {
    EXPECT_EQ(dx(o, c, i) != 0, y(o, c, i) > 0);
    open += y(o, c, i) > 0 ? 1 : 0;
  });
  EXPECT_GT(open, this->shape.size() / 4);
  EXPECT_LT(open, this->shape.size() * 3 / 4);
}

TEST(LawsOfLayouts, ChannelsFirstAndChannelsLastAgree) {
  using First = LayoutsOf<float>::NCHW;
  using Last = LayoutsOf<float>::NHWC;
  const auto first = First::dimensions(9, 5, 34), last = Last::dimensions(9, 5, 34);
  const Values values = pattern<float>(First::shape(first), 44);
  Values moved(Last::shape(last));
  reference::for_each(values.shape(), [&](Index n, Index c, Index s) {
    moved(n * 34 + s, c, 0) = values(n, c, s);
  });
  auto x = First::filled(first, values);
  auto z = Last::filled(last, moved);
  const auto state = some_state<float>(5);
  BatchNorm<float> norm(state);
  BatchNorm<float, Train, batchnorm::ChannelsLast> other(state);
  norm.forward(x.get(), x.get());
  other.forward(z.get(), z.get());
  const Values magnitude = reference::forward_magnitude({}, to_reference(state), values);
  const Values y = First::values(x, first), w = Last::values(z, last);
  reference::for_each(values.shape(), [&](Index n, Index c, Index s) {
    EXPECT_NEAR(y(n, c, s), w(n * 34 + s, c, 0), 8 * 0x1p-24 * magnitude(n, c, s));
  });
  EXPECT_TRUE(norm.running_mean().isApprox(other.running_mean()));
  EXPECT_TRUE(norm.running_variance().isApprox(other.running_variance()));
}

TEST(LawsOfTraining, SeveralStepsAndTheirEvalAreThoseOfTheReference) {
  using L = LayoutsOf<float>::NCHW;
  const auto dimensions = L::dimensions(9, 5, 34);
  batchnorm::BatchNorm<float> norm(some_state<float>(5));
  for (std::uint64_t step = 0; step < 6; ++step) {
    const Values values = pattern<float>(L::shape(dimensions), 50 + step);
    auto x = L::filled(dimensions, values);
    const reference::State before = to_reference(norm.state());
    norm.forward(x.get(), x.get());
    const reference::State expected = reference::after_forward({}, before, values);
    expect_running<float>(norm, expected);
  }
  const BatchNorm<float, Eval> deployed(norm);
  const reference::State trained = to_reference(norm.state());
  const Values values = pattern<float>(L::shape(dimensions), 60);
  auto x = L::filled(dimensions, values);
  deployed.forward(x.get(), x.get());
  reference::Settings settings;
  settings.mode = reference::Mode::eval;
  EXPECT_LE(
      worst_error<float>(L::values(x, dimensions), reference::forward(settings, trained, values),
                         reference::forward_magnitude(settings, trained, values)),
      4);
}

TEST(LawsOfEval, ABatchIsTheSumOfItsParts) {
  const BatchNorm<float, Eval> layer(some_state<float>(5));
  const MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(67, 5);
  const auto whole = layer.forward(x);
  for (Index row = 0; row < 67; ++row)
    EXPECT_TRUE(same_bits(layer.forward(x.middleRows(row, 1)), whole.middleRows(row, 1)));
}

TEST(LawsOfOutputs, AnOwnerIsResizedAsByAssignment) {
  BatchNorm<float> layer(some_state<float>(3));
  const MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(7, 3);
  MatrixOf<float, Eigen::ColMajor> y, dx(1, 50);
  layer.forward(x, y);
  EXPECT_EQ(y.rows(), 7);
  EXPECT_EQ(y.cols(), 3);
  layer.backward(x, x, dx);
  EXPECT_EQ(dx.rows(), 7);
  EXPECT_EQ(dx.cols(), 3);
  Eigen::Tensor<float, 3, Eigen::RowMajor> t(4, 3, 5), u, v(2, 2, 2), w;
  t.setRandom();
  layer.forward(t, u);
  EXPECT_EQ(u.dimensions(), t.dimensions());
  layer.forward(t, batchnorm::residual(t), v);
  EXPECT_EQ(v.dimensions(), t.dimensions());
  layer.backward(t, batchnorm::residual(t), t, v, w);
  EXPECT_EQ(w.dimensions(), t.dimensions());
}

TEST(LawsOfOutputs, KindsAndOrdersMayBeMixed) {
  BatchNorm<float> layer(some_state<float>(3)), same(some_state<float>(3));
  const MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(7, 3);
  const MatrixOf<float, Eigen::ColMajor> dy = MatrixOf<float, Eigen::ColMajor>::Random(7, 3);
  MatrixOf<float, Eigen::ColMajor> y(7, 3);
  MatrixOf<float, Eigen::RowMajor> z(7, 3), dx(7, 3), parent(9, 8);
  layer.forward(x, y);
  same.forward(x, z);
  EXPECT_LE((y - z).cwiseAbs().maxCoeff(), 0.0F);
  layer.backward(x, dy, parent.block(1, 2, 7, 3));
  same.backward(x, MatrixOf<float, Eigen::RowMajor>(dy), dx);
  EXPECT_LE((parent.block(1, 2, 7, 3) - dx).cwiseAbs().maxCoeff(), 1e-6F);
}

}  // namespace
