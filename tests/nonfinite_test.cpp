#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "layouts.hpp"

// One bad element spoils its channel of the batch and nothing else.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index bad = 2;  // the channel of the bad element

template <typename L>
class NotFinite : public ::testing::Test {
 protected:
  template <typename Mode, typename... Policies>
  using Layer = BatchNorm<float, Mode, typename L::Axis, Policies...>;

  const typename L::Dims dimensions = L::dimensions(9, 5, 34);
  const reference::Shape shape = L::shape(dimensions);
  const Values clean_ = pattern<float>(shape, 101), dy_values = pattern<float>(shape, 102);
  typename L::Kind x_ = L::filled(dimensions, clean_), dy_ = L::filled(dimensions, dy_values);
  typename L::Kind y_{dimensions}, dx_{dimensions};

  /// The clean values with one bad one, in the first, a middle or the last position.
  typename L::Kind spoilt(double value, int position) const {
    Values values = clean_;
    const Index o = (shape.outer - 1) * position / 2, i = (shape.inner - 1) * position / 2;
    values(o, bad, i) = value;
    return L::filled(dimensions, values);
  }
  Values values(typename L::Kind& kind) { return L::values(kind, dimensions); }

  /// Every channel but the bad one has the bits of the clean run; the bad one is NaN throughout.
  void expect_only_bad_channel(const Values& got, const Values& expected) const {
    Index wrong = 0;
    reference::for_each(shape, [&](Index o, Index c, Index i) {
      const bool right =
          c == bad ? std::isnan(got(o, c, i)) : same_bits(got(o, c, i), expected(o, c, i));
      wrong += right ? 0 : 1;
    });
    EXPECT_EQ(wrong, 0);
  }

  template <typename Function>
  static void for_each_bad(const Function& f) {
    for (const double value : {nan, infinity, -infinity})
      for (const int position : {0, 1, 2}) {
        SCOPED_TRACE(std::to_string(value) + " at " + std::to_string(position));
        f(value, position);
      }
  }
};
TYPED_TEST_SUITE(NotFinite, Layouts, LayoutName);

TYPED_TEST(NotFinite, InTrainingSpoilsItsChannelOnly) {
  const auto state = some_state<float>(5);
  typename TestFixture::template Layer<Train> clean(state);
  clean.forward(this->x_.get(), this->y_.get());
  const Values expected = this->values(this->y_);
  this->for_each_bad([&](double value, int position) {
    auto x = this->spoilt(value, position);
    typename TestFixture::template Layer<Train> layer(state);
    layer.forward(x.get(), this->y_.get());
    this->expect_only_bad_channel(this->values(this->y_), expected);
  });
}

TYPED_TEST(NotFinite, ReLUDoesNotHideIt) {
  const auto state = some_state<float>(5);
  typename TestFixture::template Layer<Train, batchnorm::ReLU> clean(state), layer(state);
  clean.forward(this->x_.get(), this->y_.get());
  const Values expected = this->values(this->y_);
  auto x = this->spoilt(nan, 1);
  layer.forward(x.get(), this->y_.get());
  this->expect_only_bad_channel(this->values(this->y_), expected);
}

TYPED_TEST(NotFinite, InTrainingStaysOutOfTheRunningStatisticsAndIsCounted) {
  const auto state = some_state<float>(5);
  typename TestFixture::template Layer<Train> clean(state);
  clean.forward(this->x_.get(), this->y_.get());
  this->for_each_bad([&](double value, int position) {
    auto x = this->spoilt(value, position);
    typename TestFixture::template Layer<Train> layer(state);
    layer.forward(x.get(), this->y_.get());
    for (Index c = 0; c < 5; ++c) {
      const double mean = c == bad ? state.running_mean(c) : clean.running_mean()(c);
      const double variance = c == bad ? state.running_variance(c) : clean.running_variance()(c);
      EXPECT_TRUE(same_bits(layer.running_mean()(c), mean));
      EXPECT_TRUE(same_bits(layer.running_variance()(c), variance));
      EXPECT_EQ(layer.rejected()(c), c == bad ? 1 : 0);
    }
    EXPECT_EQ(layer.batches(), state.batches + 1);
  });
}

TYPED_TEST(NotFinite, ByOptionPropagatesIntoTheRunningStatistics) {
  const auto state = some_state<float>(5);
  const batchnorm::Options propagate{.non_finite = batchnorm::NonFinite::propagate};
  typename TestFixture::template Layer<Train> clean(state, propagate), layer(state, propagate);
  clean.forward(this->x_.get(), this->y_.get());
  auto x = this->spoilt(nan, 1);
  layer.forward(x.get(), this->y_.get());
  for (Index c = 0; c < 5; ++c) {
    if (c == bad) {
      EXPECT_TRUE(std::isnan(layer.running_mean()(c)));
      EXPECT_TRUE(std::isnan(layer.running_variance()(c)));
    } else {
      EXPECT_TRUE(same_bits(layer.running_mean()(c), clean.running_mean()(c)));
      EXPECT_TRUE(same_bits(layer.running_variance()(c), clean.running_variance()(c)));
    }
    EXPECT_EQ(layer.rejected()(c), 0);
  }
}

TYPED_TEST(NotFinite, InBackwardSpoilsItsChannelOnly) {
  const auto state = some_state<float>(5);
  typename TestFixture::template Layer<Train> layer(state);
  layer.forward(this->x_.get(), this->y_.get());
  layer.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  const Values expected = this->values(this->dx_);
  const Eigen::VectorXf dgamma = layer.gamma_gradient(), dbeta = layer.beta_gradient();
  Values spoilt = this->dy_values;
  spoilt(this->shape.outer - 1, bad, this->shape.inner - 1) = nan;
  auto dy = TypeParam::filled(this->dimensions, spoilt);
  layer.backward(this->x_.get(), dy.get(), this->dx_.get());
  this->expect_only_bad_channel(this->values(this->dx_), expected);
  for (Index c = 0; c < 5; ++c) {
    EXPECT_TRUE(c == bad ? std::isnan(layer.gamma_gradient()(c))
                         : same_bits(layer.gamma_gradient()(c), dgamma(c)));
    EXPECT_TRUE(c == bad ? std::isnan(layer.beta_gradient()(c))
                         : same_bits(layer.beta_gradient()(c), dbeta(c)));
  }
}

TYPED_TEST(NotFinite, AfterABadForwardBackwardSpoilsItsChannelOnly) {
  const auto state = some_state<float>(5);
  typename TestFixture::template Layer<Train> clean(state), layer(state);
  clean.forward(this->x_.get(), this->y_.get());
  clean.backward(this->x_.get(), this->dy_.get(), this->dx_.get());
  const Values expected = this->values(this->dx_);
  this->for_each_bad([&](double value, int position) {
    auto x = this->spoilt(value, position);
    layer.forward(x.get(), this->y_.get());
    layer.backward(x.get(), this->dy_.get(), this->dx_.get());
    this->expect_only_bad_channel(this->values(this->dx_), expected);
  });
}

/// Constant statistics: only the bad element itself is bad.
template <typename Layer, typename Test>
void expect_only_bad_element(Test& test, Layer&& layer) {
  layer.forward(test.x_.get(), test.y_.get());
  const Values expected = test.values(test.y_);
  test.for_each_bad([&](double value, int position) {
    auto x = test.spoilt(value, position);
    layer.forward(x.get(), test.y_.get());
    const Values got = test.values(test.y_), input = test.values(x);
    Index wrong = 0;
    reference::for_each(test.shape, [&](Index o, Index c, Index i) {
      const bool right = std::isfinite(input(o, c, i)) ? same_bits(got(o, c, i), expected(o, c, i))
                                                       : !std::isfinite(got(o, c, i));
      wrong += right ? 0 : 1;
    });
    EXPECT_EQ(wrong, 0);
  });
}

template <typename L>
struct NotFiniteConstant : NotFinite<L> {
  using NotFinite<L>::x_, NotFinite<L>::y_, NotFinite<L>::shape, NotFinite<L>::values;
  using NotFinite<L>::spoilt, NotFinite<L>::for_each_bad;
};
TYPED_TEST_SUITE(NotFiniteConstant, Layouts, LayoutName);

TYPED_TEST(NotFiniteConstant, StatisticsSpoilTheElementOnly) {
  const auto state = some_state<float>(5);
  expect_only_bad_element(*this, typename TestFixture::template Layer<Eval>(state));
  expect_only_bad_element(*this, typename TestFixture::template Layer<Frozen>(state));
}

TEST(NotFiniteCumulative, AChannelDividesByItsOwnAcceptedBatches) {
  using L = LayoutsOf<float>::RowMajorMatrix;
  const auto dimensions = L::dimensions(1, 5, 34);
  BatchNorm<float> norm(5, {.momentum = batchnorm::cumulative()});
  reference::Settings settings;
  settings.cumulative = true;
  reference::State expected = to_reference(norm.state());
  for (std::uint64_t step = 0; step < 9; ++step) {
    Values values = pattern<float>(L::shape(dimensions), 110 + step);
    if (step % 3 == 0) values(5, bad, 0) = nan;
    if (step == 4) values(0, 0, 0) = infinity;
    auto x = L::filled(dimensions, values);
    norm.forward(x.get());
    expected = reference::after_forward(settings, expected, values);
  }
  for (Index c = 0; c < 5; ++c) {
    const auto at = static_cast<std::size_t>(c);
    EXPECT_NEAR(norm.running_mean()(c), expected.running_mean[at], 2e-6);
    EXPECT_NEAR(norm.running_variance()(c), expected.running_variance[at], 2e-6);
    EXPECT_EQ(norm.rejected()(c), expected.rejected[at]);
  }
  EXPECT_EQ(norm.batches(), 9);
}

// A variance that overflows double cannot be told from a bad element, and is treated as one.
TEST(NotFiniteVariance, OfFiniteValuesIsRejectedToo) {
  BatchNorm<double> norm(1);
  const Eigen::Vector4d x(1e300, -1e300, 1e300, 2e299);
  norm.forward(Eigen::MatrixXd(x));
  EXPECT_EQ(norm.rejected()(0), 1);
  EXPECT_EQ(norm.running_mean()(0), 0);
  EXPECT_EQ(norm.running_variance()(0), 1);
}

TEST(NotFiniteVariance, OfFiniteValuesPropagatesByOption) {
  BatchNorm<double> norm(
      1, {.momentum = batchnorm::decay(0), .non_finite = batchnorm::NonFinite::propagate});
  const Eigen::Vector4d x(1e300, -1e300, 1e300, -1e300);
  norm.forward(Eigen::MatrixXd(x));
  EXPECT_EQ(norm.running_mean()(0), 0);
  EXPECT_EQ(norm.running_variance()(0), infinity);
}

/// Channels of values up to `most`, whose squares and perhaps sums leave the range of double.
template <int Order>
void expect_mean_and_infinite_variance(Index rows, double most) {
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Order> x(rows, 19);
  for (Index o = 0; o < rows; ++o)
    for (Index c = 0; c < x.cols(); ++c)
      x(o, c) = most * (o % 2 == 0 ? 1 : 0.5 * noise(195, o, c, 0) - 0.5);
  const batchnorm::Moments found = batchnorm::moments(x);
  const Eigen::RowVectorXd mean = (x / most).colwise().mean();
  for (Index c = 0; c < x.cols(); ++c) {
    EXPECT_NEAR(found.mean(c) / most, mean(c), 1e-12) << rows << ", " << most << ", " << c;
    EXPECT_EQ(found.m2(c), infinity) << rows << ", " << most << ", " << c;
  }
}

TEST(NotFiniteVariance, OfFiniteValuesIsInfiniteBesideTheirMean) {
  for (const Index rows : {2, 3, 16, 17, 64, 65, 1000, 5000})
    for (const double most : {1e160, 1e200, 1e300, 1.7e308}) {
      expect_mean_and_infinite_variance<Eigen::RowMajor>(rows, most);
      expect_mean_and_infinite_variance<Eigen::ColMajor>(rows, most);
    }
}

template <typename Mode>
void expect_nan_of_variance(double variance) {
  const batchnorm::Options options{.non_finite = batchnorm::NonFinite::propagate};
  auto state = some_state<float>(3);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(5, 3);
  const Eigen::MatrixXf good = BatchNorm<float, Mode>(state, options).forward(x);
  state.running_variance(1) = variance;
  BatchNorm<float, Mode> layer(state, options);
  const Eigen::MatrixXf y = layer.forward(x), dx = layer.backward(x, x);
  EXPECT_TRUE(y.col(1).array().isNaN().all() && dx.col(1).array().isNaN().all()) << variance;
  for (const Index c : {0, 2}) EXPECT_EQ(y.col(c), good.col(c)) << variance;
}

// An infinite variance too: dividing by its root would hide it in a plausible 0.
TEST(NotFiniteVariance, SpoilsItsChannelOnly) {
  for (const double variance : {infinity, nan}) {
    expect_nan_of_variance<Eval>(variance);
    expect_nan_of_variance<Frozen>(variance);
  }
  BatchNorm<double> training(1);
  const Eigen::MatrixXd x = 1e300 * Eigen::MatrixXd::Random(7, 1);
  EXPECT_TRUE(training.forward(x).array().isNaN().all());
}

/// What IEEE arithmetic makes of sum and squares.
struct Expected {
  double mean, variance;
};

/// The values that a channel gets besides finite ones, and what comes of them.
struct Spoiling {
  std::vector<double> values;
  Expected expected;
};
const std::vector<Spoiling> spoilings{{{infinity}, {infinity, nan}},
                                      {{-infinity}, {-infinity, nan}},
                                      {{infinity, infinity}, {infinity, nan}},
                                      {{infinity, -infinity}, {nan, nan}},
                                      {{nan}, {nan, nan}},
                                      {{infinity, nan}, {nan, nan}}};

bool same_value(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

template <typename L>
class Propagated : public ::testing::Test {
 public:
  using Scalar =
      typename std::remove_cvref_t<decltype(std::declval<typename L::Kind&>().get())>::Scalar;

  /// Spoils places of every channel but the first: value k of channel c at a place of its own.
  static Values spoilt(const reference::Shape& shape, const std::vector<double>& with) {
    Values values = pattern<Scalar>(shape, 191);
    for (Index c = 1; c < shape.channels; ++c)
      for (std::size_t k = 0; k < with.size(); ++k) {
        const Index last = shape.count() - 1;
        const Index at = (c == 1 ? 0 : c == 2 ? last : c * 7) + static_cast<Index>(k);
        values(at % shape.count() / shape.inner, c, at % shape.count() % shape.inner) = with[k];
      }
    return values;
  }

  static void expect(const typename L::Dims& dimensions, const Spoiling& spoiling) {
    const reference::Shape shape = L::shape(dimensions);
    if (shape.count() <= static_cast<Index>(spoiling.values.size())) return;
    SCOPED_TRACE(std::to_string(shape.count()) + " values, " + std::to_string(shape.channels) +
                 " channels, spoilt by " + std::to_string(spoiling.values[0]));
    auto x = L::filled(dimensions, spoilt(shape, spoiling.values));
    typename L::Kind y(dimensions);
    const batchnorm::Options options{.momentum = batchnorm::decay(0.5),
                                     .non_finite = batchnorm::NonFinite::propagate};
    BatchNorm<Scalar, Train, typename L::Axis> layer(shape.channels, options);
    layer.forward(x.get(), y.get());
    const auto moments = batchnorm::moments<typename L::Axis>(x.get());
    EXPECT_TRUE(std::isfinite(layer.running_mean()(0)));
    EXPECT_TRUE(std::isfinite(layer.running_variance()(0)));
    for (Index c = 1; c < shape.channels; ++c) {
      EXPECT_TRUE(same_value(layer.running_mean()(c), spoiling.expected.mean)) << c;
      EXPECT_TRUE(same_value(layer.running_variance()(c), spoiling.expected.variance)) << c;
      EXPECT_TRUE(same_value(moments.mean(c), spoiling.expected.mean)) << c;
      EXPECT_TRUE(same_value(moments.variance()(c), spoiling.expected.variance)) << c;
      EXPECT_EQ(layer.rejected()(c), 0);
    }
  }
};

using PropagatedLayouts =
    ::testing::Types<LayoutsOf<float>::RowMajorMatrix, LayoutsOf<float>::ColMajorMatrix,
                     LayoutsOf<float>::Strided, LayoutsOf<float>::NCHW, LayoutsOf<float>::NHWC,
                     LayoutsOf<float>::ColMajorTensor, LayoutsOf<double>::RowMajorMatrix,
                     LayoutsOf<double>::ColMajorMatrix, LayoutsOf<double>::Strided,
                     LayoutsOf<double>::NCHW, LayoutsOf<double>::NHWC,
                     LayoutsOf<double>::ChannelsInRows>;
TYPED_TEST_SUITE(Propagated, PropagatedLayouts, LayoutName);

TYPED_TEST(Propagated, StatisticsAreThoseOfIEEEArithmetic) {
  for (const Spoiling& spoiling : spoilings)
    for (const auto& [samples, channels, spatial] : {std::array<Index, 3>{2, 3, 1},
                                                     {1, 3, 3},
                                                     {7, 5, 1},
                                                     {17, 9, 1},
                                                     {64, 4, 1},
                                                     {65, 17, 1},
                                                     {9, 5, 34},
                                                     {6, 3, 4},
                                                     {1000, 3, 1},
                                                     {3, 4, 1037},
                                                     {5000, 33, 1}})
      this->expect(TypeParam::dimensions(samples, channels, spatial), spoiling);
}

}  // namespace
