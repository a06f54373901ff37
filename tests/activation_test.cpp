#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ratio>

#include "layouts.hpp"

// Activations behind the layer, the library's and a user's own: value and gradient are those of a
// layer without one and of the function's definition, for every place in a row.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;

/// A user's own, written with the public words alone: clips to [-1, 1], with a gradient within.
struct HardTanh {
  static constexpr bool gates = true;

  template <typename P>
  static P apply(const P& value) {
    using namespace batchnorm;
    return minimum(maximum(value, constant<P>(-1)), constant<P>(1));
  }

  template <typename P>
  static P gate(const P& value, const P& dy) {
    using namespace batchnorm;
    return select_less(absolute(value), constant<P>(1), dy, constant<P>(0));
  }
};

/// Another, with every word: a parabola, 0.5 u^2 - u / 4.
struct Parabola {
  static constexpr bool gates = true;

  template <typename P>
  static P apply(const P& value) {
    using namespace batchnorm;
    const P quarter = divide(value, constant<P>(4));
    return add(multiply_add(multiply(value, constant<P>(0.5)), value, constant<P>(0)),
               minus(quarter));
  }

  template <typename P>
  static P gate(const P& value, const P& dy) {
    using namespace batchnorm;
    return multiply(dy, subtract(value, constant<P>(0.25)));
  }
};

/// What an activation is, in double: its value and its derivative.
struct Definition {
  double (*value)(double);
  double (*derivative)(double);
};

template <typename Activation>
Definition definition();
template <>
Definition definition<batchnorm::NoActivation>() {
  return {[](double u) { return u; }, [](double) { return 1.0; }};
}
template <>
Definition definition<batchnorm::ReLU>() {
  return {[](double u) { return u > 0 ? u : 0; }, [](double u) { return u > 0 ? 1.0 : 0.0; }};
}
template <>
Definition definition<batchnorm::LeakyReLU<>>() {
  return {[](double u) { return u > 0 ? u : 0.01 * u; },
          [](double u) { return u > 0 ? 1.0 : 0.01; }};
}
template <>
Definition definition<batchnorm::LeakyReLU<std::ratio<3, 10>>>() {
  return {[](double u) { return u > 0 ? u : 0.3 * u; }, [](double u) { return u > 0 ? 1.0 : 0.3; }};
}
template <>
Definition definition<batchnorm::ReLU6>() {
  return {[](double u) { return u < 0   ? 0
                                : u > 6 ? 6
                                        : u; },
          [](double u) { return u > 0 && u < 6 ? 1.0 : 0.0; }};
}
template <>
Definition definition<HardTanh>() {
  return {[](double u) { return u < -1  ? -1
                                : u > 1 ? 1
                                        : u; },
          [](double u) { return std::abs(u) < 1 ? 1.0 : 0.0; }};
}
template <>
Definition definition<Parabola>() {
  return {[](double u) { return 0.5 * u * u - u / 4; }, [](double u) { return u - 0.25; }};
}

template <typename A>
class Activations : public ::testing::Test {
 protected:
  template <typename L, typename Mode>
  static void expect_definition(Index samples, Index channels, Index spatial) {
    const auto dimensions = L::dimensions(samples, channels, spatial);
    const Values values = pattern<float>(L::shape(dimensions), 201);
    auto state = some_state<float>(channels);
    state.gamma *= 5;  // so that values lie on both sides of every corner
    auto x = L::filled(dimensions, values);
    typename L::Kind u(dimensions), y(dimensions), dx(dimensions), direct(dimensions);
    BatchNorm<float, Mode, typename L::Axis> plain(state);
    BatchNorm<float, Mode, typename L::Axis, A> layer(state);
    plain.forward(x.get(), u.get());
    layer.forward(x.get(), y.get());
    const Values before = L::values(u, dimensions), after = L::values(y, dimensions);
    Values dy = pattern<float>(L::shape(dimensions), 202), g = dy;
    const Definition define = definition<A>();
    reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
      const double value = before(o, c, i);
      EXPECT_NEAR(after(o, c, i), define.value(value),
                  4 * roundoff<float> * (value * value + std::abs(value)));
      g(o, c, i) = static_cast<float>(dy(o, c, i) * define.derivative(value));
    });
    auto dy_kind = L::filled(dimensions, dy), g_kind = L::filled(dimensions, g);
    layer.backward(x.get(), dy_kind.get(), dx.get());
    plain.backward(x.get(), g_kind.get(), direct.get());
    const Values got = L::values(dx, dimensions), expected = L::values(direct, dimensions);
    double most = 0;
    reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
      most = std::max(most, std::abs(expected(o, c, i)));
    });
    reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
      EXPECT_NEAR(got(o, c, i), expected(o, c, i), 16 * roundoff<float> * most);
    });
  }
};

using AllActivations =
    ::testing::Types<batchnorm::NoActivation, batchnorm::ReLU, batchnorm::LeakyReLU<>,
                     batchnorm::LeakyReLU<std::ratio<3, 10>>, batchnorm::ReLU6, HardTanh, Parabola>;
TYPED_TEST_SUITE(Activations, AllActivations);

TYPED_TEST(Activations, AreTheirDefinitionBehindTheLayer) {
  using Rows = LayoutsOf<float>::RowMajorMatrix;
  using Planes = LayoutsOf<float>::NCHW;
  this->template expect_definition<Rows, Train>(33, 19, 1);
  this->template expect_definition<Rows, Eval>(9, 70, 1);
  this->template expect_definition<Planes, Train>(5, 3, 37);
  this->template expect_definition<Planes, Frozen>(70, 5, 3);
}

TYPED_TEST(Activations, KeepANaN) {
  if (std::is_same_v<TypeParam, HardTanh>) GTEST_SKIP() << "its own affair";
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  Eigen::MatrixXf x = Eigen::MatrixXf::Random(5, 21);
  x(2, 3) = x(2, 20) = nan;
  const Eigen::MatrixXf y = BatchNorm<float, Eval, TypeParam>(some_state<float>(21)).forward(x);
  EXPECT_TRUE(std::isnan(y(2, 3)));
  EXPECT_TRUE(std::isnan(y(2, 20)));
}

batchnorm::State<float> equal_channels(Index channels) {
  batchnorm::State<float> state;
  state.gamma.setConstant(channels, 0.7F);
  state.beta.setConstant(channels, 0.3F);
  state.running_mean.setConstant(channels, 0.2);
  state.running_variance.setConstant(channels, 1.7);
  return state;
}

TYPED_TEST(Activations, GiveAnElementTheSameBitsWhereverItStands) {
  const Eigen::VectorXf values = Eigen::VectorXf::LinSpaced(50, -9, 9);
  for (const float value : values) {
    const Eigen::Matrix<float, 3, Eigen::Dynamic, Eigen::RowMajor> x =
        Eigen::Matrix<float, 3, Eigen::Dynamic, Eigen::RowMajor>::Constant(3, 37, value);
    BatchNorm<float, Frozen, TypeParam> layer(equal_channels(37));
    const auto y = layer.forward(x);
    const auto dx = layer.backward(x, x);
    for (Index k = 0; k < x.size(); ++k) {
      ASSERT_EQ(y.data()[k], y.data()[0]) << value;
      ASSERT_EQ(dx.data()[k], dx.data()[0]) << value;
    }
  }
}

}  // namespace
