#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <ratio>
#include <type_traits>

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

/// The words for functions beyond the four operations, as activations.
struct Exponential {
  static constexpr bool gates = true;

  template <typename P>
  static P apply(const P& value) {
    return batchnorm::exponential(value);
  }

  template <typename P>
  static P gate(const P& value, const P& dy) {
    return batchnorm::multiply(batchnorm::exponential(value), dy);
  }
};

struct Sigmoid {
  static constexpr bool gates = true;

  template <typename P>
  static P apply(const P& value) {
    return batchnorm::sigmoid_at(value).sigmoid;
  }

  template <typename P>
  static P gate(const P& value, const P& dy) {
    const auto at = batchnorm::sigmoid_at(value);
    return batchnorm::multiply(batchnorm::multiply(at.sigmoid, at.complement), dy);
  }
};

struct NormalDensity {
  static constexpr bool gates = true;

  template <typename P>
  static P apply(const P& value) {
    return batchnorm::normal_at(value).density;
  }

  template <typename P>
  static P gate(const P& value, const P& dy) {
    using namespace batchnorm;
    return multiply(multiply(minus(value), normal_at(value).density), dy);
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
double sigmoid(double u) { return 1 / (1 + std::exp(-u)); }
double normal_cdf(double u) { return std::erfc(-u / std::numbers::sqrt2) / 2; }
double normal_density(double u) {
  return std::exp(-u * u / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}
template <>
Definition definition<batchnorm::SiLU>() {
  return {[](double u) { return u * sigmoid(u); },
          [](double u) { return sigmoid(u) * (1 + u * sigmoid(-u)); }};
}
template <>
Definition definition<batchnorm::GELU>() {
  return {[](double u) { return u * normal_cdf(u); },
          [](double u) { return normal_cdf(u) + u * normal_density(u); }};
}
constexpr double twice_of_tanh = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
double doubled(double u) { return twice_of_tanh * (u + 0.044715 * u * u * u); }
template <>
Definition definition<batchnorm::TanhGELU>() {
  return {[](double u) { return u * sigmoid(doubled(u)); },
          [](double u) {
            const double inner = twice_of_tanh * (1 + 3 * 0.044715 * u * u);
            return sigmoid(doubled(u)) * (1 + u * sigmoid(-doubled(u)) * inner);
          }};
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
                     batchnorm::LeakyReLU<std::ratio<3, 10>>, batchnorm::ReLU6, batchnorm::SiLU,
                     batchnorm::GELU, batchnorm::TanhGELU, HardTanh, Parabola>;
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

/// Of values of 16 bits, the results of float, rounded once: in whole packets and what is left
/// over.
template <typename Activation, typename Narrow>
void expect_rounded_once() {
  using Eigen::MatrixXf;
  using Matrix = Eigen::Matrix<Narrow, Eigen::Dynamic, Eigen::Dynamic>;
  const Matrix x = (4 * MatrixXf::Random(37, 5)).cast<Narrow>();
  const Matrix dy = MatrixXf::Random(37, 5).cast<Narrow>();
  const MatrixXf wide_x = x.template cast<float>(), wide_dy = dy.template cast<float>();
  const BatchNorm<float, Eval, Activation> wide(some_state<float>(5));
  const BatchNorm<Narrow, Eval, Activation> narrow(wide);
  EXPECT_EQ(narrow.forward(x), wide.forward(wide_x).template cast<Narrow>());
  EXPECT_EQ(narrow.backward(x, dy), wide.backward(wide_x, wide_dy).template cast<Narrow>());
}

TEST(ActivationsOfSixteenBits, AreThoseOfFloatRoundedOnce) {
  expect_rounded_once<batchnorm::SiLU, Eigen::bfloat16>();
  expect_rounded_once<HardTanh, Eigen::bfloat16>();
  expect_rounded_once<batchnorm::GELU, Eigen::half>();
}

/// A layer that gives its activation x as it is.
template <typename Scalar, typename Activation>
BatchNorm<Scalar, Eval, Activation> layer_of() {
  batchnorm::State<Scalar> state;
  state.gamma.setOnes(1);
  state.beta.setZero(1);
  state.running_mean.setZero(1);
  state.running_variance.setOnes(1);
  batchnorm::Options options;
  options.epsilon = 0;
  return BatchNorm<Scalar, Eval, Activation>(state, options);
}

template <typename Scalar, typename Activation, typename X>
auto activated(const X& x) {
  return layer_of<Scalar, Activation>().forward(x);
}

template <typename Scalar>
class SmoothActivations : public ::testing::Test {
 protected:
  using Column = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  /// |y - f(x)| <= bound(x) * epsilon * |f(x)|, but for what is next to the least normal number.
  template <typename Activation, typename Bound>
  static void expect_digits(double from, double to, const Bound& bound) {
    const Column x = Column::LinSpaced(20011, static_cast<Scalar>(from), static_cast<Scalar>(to));
    const Column y = activated<Scalar, Activation>(x);
    constexpr double least = std::numeric_limits<Scalar>::min();
    for (Index k = 0; k < x.size(); ++k) {
      const double u = x[k], expected = exactly<Activation>(u);
      const double roundings = bound(u) * std::numeric_limits<Scalar>::epsilon();
      ASSERT_NEAR(y[k], expected, roundings * std::abs(expected) + least * (1 + std::abs(u))) << u;
    }
  }

  /// That the first half of `far` gives nothing, and the other itself, with those slopes.
  template <typename Activation>
  static void expect_nothing_or_identity(const Column& far) {
    const auto layer = layer_of<Scalar, Activation>();
    const Column y = layer.forward(far);
    const Column dx = layer.backward(far, Column(Column::Ones(far.size())));
    for (Index k = 0; k < far.size(); ++k) {
      EXPECT_EQ(y[k], far[k] < 0 ? Scalar(0) : far[k]) << far[k];
      EXPECT_EQ(dx[k], far[k] < 0 ? 0 : 1) << far[k];
    }
  }

  /// By long double, where a double's own roundings would be seen.
  template <typename Activation>
  static double exactly(long double u) {
    const long double root = std::numbers::sqrt2_v<long double>;
    if constexpr (std::is_same_v<Activation, Exponential>) {
      return static_cast<double>(std::exp(u));
    } else if constexpr (std::is_same_v<Activation, batchnorm::SiLU>) {
      return static_cast<double>(u / (1 + std::exp(-u)));
    } else if constexpr (std::is_same_v<Activation, batchnorm::GELU>) {
      return static_cast<double>(u * std::erfc(-u / root) / 2);
    } else {
      return static_cast<double>(std::exp(-u * u / 2) * std::numbers::inv_sqrtpi_v<long double> /
                                 root);
    }
  }
};

using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(SmoothActivations, Scalars);

TYPED_TEST(SmoothActivations, HaveTheDigitsThatTheyPromise) {
  const auto one = [](double) { return 1.0; };
  const auto three = [](double) { return 3.0; };
  // Where a product and its sum are two roundings, the square of a far value is not exact.
  const auto of_square = [](double u) { return 4 + u * u / 4; };
  this->template expect_digits<Exponential>(-100, 88, one);
  this->template expect_digits<batchnorm::SiLU>(-80, 80, three);
  this->template expect_digits<batchnorm::SiLU>(-2, 2, three);
  this->template expect_digits<batchnorm::GELU>(-12, 12, of_square);
  this->template expect_digits<batchnorm::GELU>(-1, 1, of_square);
  this->template expect_digits<NormalDensity>(-12, 12, of_square);
}

TYPED_TEST(SmoothActivations, EndInInfinityAndNothing) {
  using Limits = std::numeric_limits<TypeParam>;
  typename TestFixture::Column far(4);
  far << -Limits::max(), TypeParam(-1e4), TypeParam(1e4), Limits::max();
  const auto power = activated<TypeParam, Exponential>(far);
  EXPECT_EQ(power[0], 0);
  EXPECT_EQ(power[1], 0);
  EXPECT_EQ(power[2], Limits::infinity());
  EXPECT_EQ(power[3], Limits::infinity());
  this->template expect_nothing_or_identity<batchnorm::SiLU>(far);
  this->template expect_nothing_or_identity<batchnorm::GELU>(far);
  this->template expect_nothing_or_identity<batchnorm::TanhGELU>(far);
}

TYPED_TEST(SmoothActivations, KeepANaNWhateverItsBits) {
  using Bits = std::conditional_t<sizeof(TypeParam) == 4, std::uint32_t, std::uint64_t>;
  const Bits quiet = std::bit_cast<Bits>(std::numeric_limits<TypeParam>::quiet_NaN());
  for (const Bits payload : {0U, 1U, 0x7a2U, 0x123456U}) {
    const auto nan = std::bit_cast<TypeParam>(static_cast<Bits>(quiet + payload));
    const auto all = TestFixture::Column::Constant(21, nan).eval();
    const auto is_nan = [](const auto& y) { return y.array().isNaN().all(); };
    EXPECT_TRUE(is_nan(activated<TypeParam, Exponential>(all))) << payload;
    EXPECT_TRUE(is_nan(activated<TypeParam, NormalDensity>(all))) << payload;
    EXPECT_TRUE(is_nan(activated<TypeParam, Sigmoid>(all))) << payload;
  }
}

TYPED_TEST(SmoothActivations, GiveAPlainNumberWhatTheyGiveALayer) {
  const auto x = TestFixture::Column::LinSpaced(101, -5, 5).eval();
  const auto silu = activated<TypeParam, batchnorm::SiLU>(x);
  const auto gelu = activated<TypeParam, batchnorm::GELU>(x);
  const auto tanh = activated<TypeParam, batchnorm::TanhGELU>(x);
  constexpr TypeParam near = 8 * std::numeric_limits<TypeParam>::epsilon();
  for (Index k = 0; k < x.size(); ++k) {
    EXPECT_NEAR(silu[k], batchnorm::SiLU::apply(x[k]), near);
    EXPECT_NEAR(gelu[k], batchnorm::GELU::apply(x[k]), near);
    EXPECT_NEAR(tanh[k], batchnorm::TanhGELU::apply(x[k]), near);
    const TypeParam gate = batchnorm::SiLU::gate(x[k], TypeParam(1));
    EXPECT_NEAR(gate, definition<batchnorm::SiLU>().derivative(x[k]), near);
    const TypeParam other = batchnorm::GELU::gate(x[k], TypeParam(1));
    EXPECT_NEAR(other, definition<batchnorm::GELU>().derivative(x[k]), near);
  }
}

}  // namespace
