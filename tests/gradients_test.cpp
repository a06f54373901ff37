#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <functional>

#include "arguments.hpp"
#include "fixtures.hpp"

// Every gradient of every mode against central differences of the forward, in double. The loss is
// the sum of weight * y with weights that differ: for equal weights dx of training is 0 whatever
// the code does.

namespace {

using namespace fixtures;

constexpr double step = 1e-5;
constexpr double tolerance = 2e-8;

using Tensor = Eigen::Tensor<double, 3, Eigen::RowMajor>;
const Dimensions<3> dimensions{5, 3, 4};

Tensor tensor(std::uint64_t seed) {
  Tensor result(dimensions);
  write(result, dimensions, 1, pattern<double>(shape_of(dimensions, 1), seed));
  return result;
}

double loss(const Tensor& y, const Tensor& weights) {
  double sum = 0;
  for (Index k = 0; k < y.size(); ++k) sum += weights.data()[k] * y.data()[k];
  return sum;
}

/// The slope of `value` along `variable`.
double slope(double& variable, const std::function<double()>& value) {
  const double at = variable;
  variable = at + step;
  const double above = value();
  variable = at - step;
  const double below = value();
  variable = at;
  return (above - below) / (2 * step);
}

template <typename Layer>
class Gradients : public ::testing::Test {
 protected:
  Layer layer{some_state<double>(3)};
  Tensor x = tensor(31), r = tensor(32), weights = tensor(33);

  double loss_of_forward() { return loss(layer.forward(x), weights); }
  double loss_with_residual() { return loss(layer.forward(x, batchnorm::residual(r)), weights); }

  /// A difference across the kink of ReLU would be of neither side.
  void expect_no_kink(const Tensor& y_without_relu) const {
    for (Index k = 0; k < y_without_relu.size(); ++k)
      ASSERT_GT(std::abs(y_without_relu.data()[k]), 100 * step);
  }

  void expect_slopes(const Tensor& gradient, Tensor& variable,
                     const std::function<double()>& value) const {
    ASSERT_EQ(gradient.dimensions(), variable.dimensions());
    for (Index k = 0; k < variable.size(); ++k)
      EXPECT_NEAR(gradient.data()[k], slope(variable.data()[k], value), tolerance) << "at " << k;
  }

  void expect_parameter_slopes(const std::function<double()>& value) {
    const Eigen::VectorXd dgamma = layer.gamma_gradient(), dbeta = layer.beta_gradient();
    for (Index c = 0; c < 3; ++c) {
      EXPECT_NEAR(dgamma(c), slope(layer.gamma()(c), value), tolerance) << "channel " << c;
      EXPECT_NEAR(dbeta(c), slope(layer.beta()(c), value), tolerance) << "channel " << c;
    }
  }
};

template <typename Mode, typename... Policies>
using Layer = batchnorm::BatchNorm<double, Mode, Policies...>;
using batchnorm::Eval, batchnorm::Frozen, batchnorm::Train, batchnorm::ReLU;
using Layers = ::testing::Types<Layer<Train>, Layer<Train, ReLU>, Layer<Frozen>,
                                Layer<Frozen, ReLU>, Layer<Eval>, Layer<Eval, ReLU>>;
TYPED_TEST_SUITE(Gradients, Layers);

template <typename Layer>
class GradientsOfParameters : public Gradients<Layer> {};
using LearningLayers =
    ::testing::Types<Layer<Train>, Layer<Train, ReLU>, Layer<Frozen>, Layer<Frozen, ReLU>>;
TYPED_TEST_SUITE(GradientsOfParameters, LearningLayers);

/// The same layer without its activation.
template <typename Mode, typename... Policies>
Layer<Mode> linear(const Layer<Mode, Policies...>& layer) {
  return Layer<Mode>(layer.state());
}

TYPED_TEST(Gradients, OfTheInput) {
  this->expect_no_kink(linear(this->layer).forward(this->x));
  static_cast<void>(this->layer.forward(this->x));
  const Tensor dx = this->layer.backward(this->x, this->weights);
  this->expect_slopes(dx, this->x, [this] { return this->loss_of_forward(); });
}

TYPED_TEST(Gradients, OfTheInputAndTheResidual) {
  this->expect_no_kink(linear(this->layer).forward(this->x, batchnorm::residual(this->r)));
  static_cast<void>(this->layer.forward(this->x, batchnorm::residual(this->r)));
  const auto [dx, dr] = this->layer.backward(this->x, batchnorm::residual(this->r), this->weights);
  this->expect_slopes(dx, this->x, [this] { return this->loss_with_residual(); });
  this->expect_slopes(dr, this->r, [this] { return this->loss_with_residual(); });
}

TYPED_TEST(GradientsOfParameters, WithoutAResidual) {
  this->layer.forward(this->x);
  this->layer.backward(this->x, this->weights);
  this->expect_parameter_slopes([this] { return this->loss_of_forward(); });
}

TYPED_TEST(GradientsOfParameters, WithAResidual) {
  this->layer.forward(this->x, batchnorm::residual(this->r));
  this->layer.backward(this->x, batchnorm::residual(this->r), this->weights);
  this->expect_parameter_slopes([this] { return this->loss_with_residual(); });
}

// A layer that comes first in a network never has its dx used, and a wrong one goes unseen.
TYPED_TEST(Gradients, ReachALayerBeforeIt) {
  Layer<Train, ReLU> before(some_state<double>(3, 5));
  this->expect_no_kink(linear(before).forward(this->x));
  const Tensor hidden = before.forward(this->x);
  this->expect_no_kink(linear(this->layer).forward(hidden));
  static_cast<void>(this->layer.forward(hidden));
  before.backward(this->x, this->layer.backward(hidden, this->weights));
  const Eigen::VectorXd dgamma = before.gamma_gradient();
  const auto value = [&] {
    return loss(this->layer.forward(before.forward(this->x)), this->weights);
  };
  for (Index c = 0; c < 3; ++c)
    EXPECT_NEAR(dgamma(c), slope(before.gamma()(c), value), tolerance) << "channel " << c;
}

TEST(GradientsAtTheKink, AreThoseOfTheFlatSide) {
  auto state = some_state<double>(3);
  state.gamma.setZero();
  state.beta.setZero();
  Layer<Train, ReLU> layer(state);
  const Tensor x = tensor(31), weights = tensor(33);
  layer.forward(x);
  layer.backward(x, weights);
  EXPECT_TRUE((layer.beta_gradient().array() == 0).all());
  EXPECT_TRUE((layer.gamma_gradient().array() == 0).all());
}

}  // namespace
