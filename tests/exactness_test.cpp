#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "layouts.hpp"

// Float data at any ratio of mean to standard deviation gives what double gives, up to the rounding
// of the result: y, the moments and the gradients, in every layout and mode.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;

/// Values of standard deviation about 1 around `mean`, rounded to float.
Values around(const reference::Shape& shape, double mean, std::uint64_t seed) {
  Values values(shape);
  reference::for_each(shape, [&](Index o, Index c, Index i) {
    values(o, c, i) = static_cast<float>(mean + 1.7 * noise(seed, o, c, i));
  });
  return values;
}

/// Running statistics near those of the data.
batchnorm::State<float> state_around(Index channels, double mean) {
  auto state = some_state<float>(channels);
  state.running_mean.array() += mean;
  return state;
}

const std::vector<double> ratios{0, 1, 1e3, 1e4, 1e6};

/// Few to some values per channel, as samples and positions.
struct Extent {
  Index samples, spatial;
};
const std::vector<Extent> few{{2, 1},  {1, 2},  {3, 1},  {1, 3},  {7, 1},  {1, 7},
                              {16, 1}, {4, 4},  {63, 1}, {9, 7},  {64, 1}, {1, 64},
                              {65, 1}, {5, 13}, {1, 65}, {33, 49}};

/// What dy is: random, constant, or proportional to x.
enum class Gradient { random, constant, proportional };

template <typename L>
class Exact : public ::testing::Test {
 protected:
  template <typename Mode>
  using Layer = BatchNorm<float, Mode, typename L::Axis>;

  /// Four roundoffs of |gamma * x_hat| + |beta|.
  template <typename Mode>
  static void expect_forward(const typename L::Dims& dimensions, double mean) {
    const Values values = around(L::shape(dimensions), mean, 131);
    const auto state = state_around(values.shape().channels, mean);
    auto x = L::filled(dimensions, values);
    typename L::Kind y(dimensions);
    Layer<Mode> layer(state);
    layer.forward(x.get(), y.get());
    reference::Settings settings;
    settings.mode = to_reference<Mode>();
    const reference::State before = to_reference(state);
    EXPECT_LE(
        worst_error<float>(L::values(y, dimensions), reference::forward(settings, before, values),
                           reference::forward_magnitude(settings, before, values, nullptr, 0)),
        4)
        << "mean " << mean << ", " << values.shape().count() << " values";
  }

  static Values gradient(Gradient kind, const Values& x, double mean) {
    Values dy = around(x.shape(), 0.25, 132);
    reference::for_each(x.shape(), [&](Index o, Index c, Index i) {
      if (kind == Gradient::constant) dy(o, c, i) = 0.1F;
      if (kind == Gradient::proportional) dy(o, c, i) = static_cast<float>(x(o, c, i) / (mean + 1));
    });
    return dy;
  }

  /// dbeta within 1e-7 of the sum of |dy|, dgamma within 2e-7 of the sum of |dy * x_hat|, dx within
  /// eight roundoffs of its largest term.
  template <typename Mode>
  static void expect_backward(const typename L::Dims& dimensions, double mean, Gradient kind) {
    const Values values = around(L::shape(dimensions), mean, 133);
    const Values dy_values = gradient(kind, values, mean);
    const auto state = state_around(values.shape().channels, mean);
    auto x = L::filled(dimensions, values), dy = L::filled(dimensions, dy_values);
    typename L::Kind dx(dimensions);
    Layer<Mode> layer(state);
    layer.forward(x.get(), dx.get());
    layer.backward(x.get(), dy.get(), dx.get());
    reference::Settings settings;
    settings.mode = to_reference<Mode>();
    const auto expected =
        reference::backward(settings, to_reference(state), values, nullptr, dy_values);
    SCOPED_TRACE("mean " + std::to_string(mean) + ", " + std::to_string(values.shape().count()) +
                 " values, gradient " + std::to_string(static_cast<int>(kind)));
    EXPECT_LE(worst_error<float>(L::values(dx, dimensions), expected.dx, expected.dx_magnitude), 8);
    if constexpr (!std::is_same_v<Mode, Eval>) {
      EXPECT_LE(
          worst_error<float>(layer.gamma_gradient(), expected.dgamma, expected.dgamma_magnitude),
          2e-7 / roundoff<float>);
      EXPECT_LE(worst_error<float>(layer.beta_gradient(), expected.dbeta, expected.dbeta_magnitude),
                1e-7 / roundoff<float>);
    }
  }
};
using LayoutsAndSlices = Joined<Layouts, ::testing::Types<LayoutsOf<float>::Slice>>::Types;
TYPED_TEST_SUITE(Exact, LayoutsAndSlices, LayoutName);

TYPED_TEST(Exact, ForwardOfFewValues) {
  for (const double ratio : ratios)
    for (const Extent& extent : few) {
      const auto dimensions = TypeParam::dimensions(extent.samples, 5, extent.spatial);
      this->template expect_forward<Train>(dimensions, ratio);
      this->template expect_forward<Frozen>(dimensions, ratio);
      this->template expect_forward<Eval>(dimensions, ratio);
    }
}

TYPED_TEST(Exact, ForwardOfManyValues) {
  for (const double ratio : ratios) {
    this->template expect_forward<Train>(TypeParam::dimensions(100, 2, 1000), ratio);
    this->template expect_forward<Frozen>(TypeParam::dimensions(100, 2, 1000), ratio);
  }
  this->template expect_forward<Train>(TypeParam::dimensions(1000, 1, 1000), 1e6);
  this->template expect_forward<Train>(TypeParam::dimensions(1000, 1, 1000), 1);
}

/// Shapes that lead through every loop of the kernels: few rows; rows that are joined, with some
/// left over;
/// channels that fill packets, or almost; more of them than are summed at once; rows near each
/// other and far apart; runs that end within a packet; runs of less than one, few and many, joined.
struct LoopExtent {
  Index samples, channels, spatial;
};
const std::vector<LoopExtent> loops{
    {2, 70, 1},     {17, 33, 1},  {48, 40, 1},   {9, 40000, 1}, {4000, 3, 1},
    {700, 3, 1},    {60, 5, 1},   {1300, 17, 1}, {130, 40, 1},  {64, 64, 1},
    {131, 100, 1},  {70, 257, 1}, {601, 300, 1}, {67, 1100, 1}, {21, 16, 35},
    {6, 5, 49},     {3, 33, 17},  {40, 7, 9},    {2, 3, 4099},  {1, 2, 20011},
    {5, 129, 1037}, {21, 40, 9},  {70, 300, 7},  {300, 5, 3},   {4003, 2, 3}};

TYPED_TEST(Exact, ForwardOfEveryLoop) {
  for (const double ratio : {0.0, 1e3, 1e6})
    for (const auto& [samples, channels, spatial] : loops) {
      const auto dimensions = TypeParam::dimensions(samples, channels, spatial);
      this->template expect_forward<Train>(dimensions, ratio);
      this->template expect_forward<Eval>(dimensions, ratio);
    }
}

TYPED_TEST(Exact, BackwardOfEveryLoop) {
  for (const Gradient kind : {Gradient::random, Gradient::constant, Gradient::proportional})
    for (const auto& [samples, channels, spatial] : loops) {
      const auto dimensions = TypeParam::dimensions(samples, channels, spatial);
      this->template expect_backward<Train>(dimensions, 0, kind);
      this->template expect_backward<Frozen>(dimensions, 1e6, kind);
    }
}

TYPED_TEST(Exact, BackwardOfFewValues) {
  for (const double ratio : ratios)
    for (const Extent& extent : few)
      for (const Gradient kind : {Gradient::random, Gradient::constant, Gradient::proportional}) {
        const auto dimensions = TypeParam::dimensions(extent.samples, 5, extent.spatial);
        this->template expect_backward<Train>(dimensions, ratio, kind);
        this->template expect_backward<Frozen>(dimensions, ratio, kind);
        this->template expect_backward<Eval>(dimensions, ratio, kind);
      }
}

TYPED_TEST(Exact, BackwardOfManyValues) {
  const auto dimensions = TypeParam::dimensions(100, 2, 1000);
  for (const double ratio : {0.0, 1e6})
    for (const Gradient kind : {Gradient::random, Gradient::constant, Gradient::proportional}) {
      this->template expect_backward<Train>(dimensions, ratio, kind);
      this->template expect_backward<Frozen>(dimensions, ratio, kind);
    }
}

const std::vector<float> constants{0.0F, 1.0F, 0.1F, 100.0F, 1e8F, -3.3e17F};

TYPED_TEST(Exact, AConstantChannelGivesExactlyBeta) {
  const auto state = some_state<float>(3);
  for (const float value : constants)
    for (const Index count : {2, 3, 16, 65, 1000})
      for (const double epsilon : {1e-5, 0.0}) {
        const auto dimensions = TypeParam::dimensions(1, 3, count);
        Values values(TypeParam::shape(dimensions));
        reference::for_each(values.shape(),
                            [&](Index o, Index c, Index i) { values(o, c, i) = value; });
        auto x = TypeParam::filled(dimensions, values);
        typename TestFixture::template Layer<Train> layer(state, {.epsilon = epsilon});
        layer.forward(x.get(), x.get());
        const Values y = TypeParam::values(x, dimensions);
        Index wrong = 0;
        reference::for_each(y.shape(), [&](Index o, Index c, Index i) {
          wrong += y(o, c, i) == static_cast<double>(state.beta(c)) ? 0 : 1;
        });
        EXPECT_EQ(wrong, 0) << value << " times " << count << ", epsilon " << epsilon;
      }
}

TEST(ExactDouble, AConstantChannelGivesExactlyBeta) {
  for (const double value : {0.1, -1.0 / 3, 1e308})
    for (const Index spatial : {1, 3, 5, 7, 40}) {
      const Eigen::Tensor<double, 3, Eigen::RowMajor> x =
          Eigen::Tensor<double, 3, Eigen::RowMajor>(4, 9, spatial).setConstant(value);
      BatchNorm<double> layer(some_state<double>(9), {.epsilon = 0});
      const auto y = layer.forward(x);
      for (Index c = 0; c < 9; ++c) ASSERT_EQ(y(3, c, spatial - 1), layer.beta()(c)) << spatial;
    }
}

TYPED_TEST(Exact, AConstantChannelHasNoGradientWithoutEpsilon) {
  const auto dimensions = TypeParam::dimensions(1, 3, 65);
  Values values(TypeParam::shape(dimensions));
  reference::for_each(values.shape(), [&](Index o, Index c, Index i) { values(o, c, i) = 0.1F; });
  auto x = TypeParam::filled(dimensions, values);
  auto dy = TypeParam::filled(dimensions, around(values.shape(), 0, 134));
  typename TypeParam::Kind dx(dimensions);
  typename TestFixture::template Layer<Train> layer(some_state<float>(3), {.epsilon = 0});
  layer.forward(x.get(), dx.get());
  layer.backward(x.get(), dy.get(), dx.get());
  const Values gradient = TypeParam::values(dx, dimensions);
  reference::for_each(values.shape(),
                      [&](Index o, Index c, Index i) { ASSERT_EQ(gradient(o, c, i), 0); });
  EXPECT_TRUE((layer.gamma_gradient().array() == 0).all());
}

// Its deviation is epsilon's, and its values in such units are beyond the range of float.
TEST(ExactConstant, HasItsGradientFarFromZero) {
  const Eigen::MatrixXf x = Eigen::MatrixXf::Constant(40, 3, -3e38F);
  const Eigen::MatrixXf dy = Eigen::MatrixXf::Random(40, 3);
  BatchNorm<float> layer(3, {.epsilon = 1e-4});
  layer.forward(x);
  const Eigen::MatrixXd dx = layer.backward(x, dy).cast<double>();
  const Eigen::MatrixXd expected =
      100 * (dy.cast<double>().rowwise() - dy.cast<double>().colwise().mean());
  EXPECT_LE((dx - expected).cwiseAbs().maxCoeff(), 8 * roundoff<float> * 100);
  EXPECT_EQ(layer.gamma_gradient(), Eigen::VectorXf::Zero(3));
}

template <typename Layer, typename L>
void expect_beta_of_no_variance() {
  const auto dimensions = L::dimensions(4, 3, 5);
  auto state = some_state<float>(3);
  state.running_variance.setZero();
  Values values(L::shape(dimensions));
  reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
    values(o, c, i) = state.running_mean(c) + static_cast<double>((o + i) % 2);
  });
  auto x = L::filled(dimensions, values);
  Layer layer(state, {.epsilon = 0});
  layer.forward(x.get(), x.get());
  const Values y = L::values(x, dimensions);
  reference::for_each(y.shape(), [&](Index o, Index c, Index i) {
    ASSERT_EQ(y(o, c, i), static_cast<double>(state.beta(c)));
  });
}

TYPED_TEST(Exact, NoRunningVarianceAndNoEpsilonGiveBeta) {
  expect_beta_of_no_variance<typename TestFixture::template Layer<Frozen>, TypeParam>();
  expect_beta_of_no_variance<typename TestFixture::template Layer<Eval>, TypeParam>();
}

template <typename Mode, typename L>
void expect_scaled(double scale) {
  const auto dimensions = L::dimensions(9, 3, 34);
  Values values = around(L::shape(dimensions), 1.5, 135),
         dy_values = around(values.shape(), 0, 136);
  reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
    values(o, c, i) = static_cast<float>(values(o, c, i) * scale);
  });
  auto state = some_state<float>(3);
  state.running_mean *= scale;
  state.running_variance *= scale * scale;
  reference::Settings settings;
  settings.mode = to_reference<Mode>();
  settings.epsilon = 0;
  BatchNorm<float, Mode, typename L::Axis> layer(state, {.epsilon = 0});
  auto x = L::filled(dimensions, values), dy = L::filled(dimensions, dy_values);
  typename L::Kind y(dimensions);
  const reference::State before = to_reference(state);
  layer.forward(x.get(), y.get());
  EXPECT_LE(
      worst_error<float>(L::values(y, dimensions), reference::forward(settings, before, values),
                         reference::forward_magnitude(settings, before, values, nullptr, 0)),
      4)
      << scale;
  layer.backward(x.get(), dy.get(), y.get());
  const auto expected = reference::backward(settings, before, values, nullptr, dy_values);
  EXPECT_LE(worst_error<float>(L::values(y, dimensions), expected.dx, expected.dx_magnitude), 8)
      << scale;
}

// The variance of tiny values is below the smallest float; training must not need it as a float.
TYPED_TEST(Exact, ValuesOfAnySizeInTraining) {
  for (const double scale : {1e-20, 1e-12, 1e-3, 1e3, 1e12, 1e18})
    expect_scaled<Train, TypeParam>(scale);
}

// Of values below the smallest normal float the scale is beyond the largest: 1e-40 is 1 deviation.
template <typename Mode, typename L, typename... Policies>
void expect_tiny(Index samples, Index channels, Index spatial, bool with_large) {
  const auto dimensions = L::dimensions(samples, channels, spatial);
  Values values = around(L::shape(dimensions), 0.3, 137),
         dy_values = around(values.shape(), 0, 138);
  reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
    const double scale = with_large && c % 2 == 1 ? 1e30 : 1e-40;
    values(o, c, i) = static_cast<float>(values(o, c, i) * scale);
    dy_values(o, c, i) = static_cast<float>(dy_values(o, c, i) * (scale < 1 ? 1e-10 : 1.0));
  });
  auto state = some_state<float>(channels);
  for (Index c = 0; c < channels; ++c) {
    const double scale = with_large && c % 2 == 1 ? 1e30 : 1e-40;
    state.running_mean(c) *= scale;
    state.running_variance(c) *= scale * scale;
  }
  reference::Settings settings;
  settings.mode = to_reference<Mode>();
  settings.epsilon = 0;
  settings.relu = sizeof...(Policies) == 1;
  BatchNorm<float, Mode, typename L::Axis, Policies...> layer(state, {.epsilon = 0});
  auto x = L::filled(dimensions, values), dy = L::filled(dimensions, dy_values);
  typename L::Kind y(dimensions);
  const reference::State before = to_reference(state);
  layer.forward(x.get(), y.get());
  SCOPED_TRACE(std::to_string(values.shape().count()) + " values");
  EXPECT_LE(
      worst_error<float>(L::values(y, dimensions), reference::forward(settings, before, values),
                         reference::forward_magnitude(settings, before, values, nullptr, 1)),
      4);
  layer.backward(x.get(), dy.get(), y.get());
  const auto expected = reference::backward(settings, before, values, nullptr, dy_values);
  EXPECT_LE(worst_error<float>(L::values(y, dimensions), expected.dx, expected.dx_magnitude), 8);
}

TYPED_TEST(Exact, ValuesBelowTheSmallestNormalFloat) {
  for (const bool with_large : {false, true})
    for (const auto& [samples, channels, spatial] :
         {std::array<Index, 3>{2, 3, 1}, {7, 18, 1}, {70, 33, 1}, {9, 5, 34}, {40, 7, 3}}) {
      expect_tiny<Train, TypeParam>(samples, channels, spatial, with_large);
      expect_tiny<Frozen, TypeParam>(samples, channels, spatial, with_large);
      expect_tiny<Eval, TypeParam>(samples, channels, spatial, with_large);
      expect_tiny<Train, TypeParam, batchnorm::ReLU>(samples, channels, spatial, with_large);
      expect_tiny<Frozen, TypeParam, batchnorm::ReLU>(samples, channels, spatial, with_large);
    }
}

TYPED_TEST(Exact, ValuesOfAnySizeWithConstantStatistics) {
  for (const double scale : {1e-18, 1e-12, 1e-3, 1e3, 1e12, 1e18}) {
    expect_scaled<Frozen, TypeParam>(scale);
    expect_scaled<Eval, TypeParam>(scale);
  }
}

}  // namespace
