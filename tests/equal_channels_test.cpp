#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "layouts.hpp"

// Equal channels - data, parameters and statistics - get equal bits, wherever they stand: in whole
// packets or behind them.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;

/// What a layer of equal channels starts from.
template <typename Scalar>
batchnorm::State<Scalar> equal_state(Index channels, double variance, double gamma) {
  batchnorm::State<Scalar> state;
  state.gamma.setConstant(channels, static_cast<Scalar>(gamma));
  state.beta.setConstant(channels, Scalar(0.3));
  state.running_mean.setConstant(channels, 0.1 * std::sqrt(variance));
  state.running_variance.setConstant(channels, variance);
  return state;
}

/// The same values in every channel, of about the given deviation.
template <typename Scalar>
Values equal_values(const reference::Shape& shape, double deviation, std::uint64_t seed) {
  Values values(shape);
  reference::for_each(shape, [&](Index o, Index c, Index i) {
    values(o, c, i) =
        static_cast<double>(static_cast<Scalar>(deviation * (1 + noise(seed, o, 0 * c, i))));
  });
  return values;
}

/// How many elements differ from those of channel 0; NaN differs from everything.
Index unequal(const Values& values) {
  Index count = 0;
  reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
    count += values(o, c, i) == values(o, 0, i) ? 0 : 1;
  });
  return count;
}

template <typename Vector>
bool all_equal(const Vector& values) {
  return std::all_of(values.begin(), values.end(),
                     [&](const auto& value) { return value == values[0]; });
}

struct Case {
  double deviation, epsilon, gamma;
};
template <typename Scalar>
std::vector<Case> cases_of() {
  std::vector<Case> cases{{1, 1e-5, 0.7}, {1, 0, 1.3}, {3e-12, 0, 1}, {7e5, 1e-3, -2}};
  cases.push_back({std::is_same_v<Scalar, float> ? 1e-40 : 1e-156, 0, 1});
  return cases;
}

template <typename L>
class EqualChannels : public ::testing::Test {
 public:
  using Scalar =
      typename std::remove_cvref_t<decltype(std::declval<typename L::Kind&>().get())>::Scalar;

  template <typename Mode>
  static void expect_equal(const typename L::Dims& dimensions, const Case& which) {
    const reference::Shape shape = L::shape(dimensions);
    SCOPED_TRACE(std::to_string(shape.channels) + " channels, " + std::to_string(shape.count()) +
                 " values of deviation " + std::to_string(which.deviation));
    auto x = L::filled(dimensions, equal_values<Scalar>(shape, which.deviation, 181));
    auto dy = L::filled(dimensions, equal_values<Scalar>(shape, 1, 182));
    typename L::Kind y(dimensions), dx(dimensions);
    const double variance = which.deviation * which.deviation / 3;
    BatchNorm<Scalar, Mode, typename L::Axis, batchnorm::LeakyReLU<>> layer(
        equal_state<Scalar>(shape.channels, variance, which.gamma), {.epsilon = which.epsilon});
    layer.forward(x.get(), y.get());
    layer.backward(x.get(), dy.get(), dx.get());
    EXPECT_EQ(unequal(L::values(y, dimensions)), 0);
    const Values gradient = L::values(dx, dimensions);
    if (std::isfinite(gradient(0, 0, 0))) {
      EXPECT_EQ(unequal(gradient), 0);
    }
    EXPECT_TRUE(all_equal(layer.running_mean()));
    EXPECT_TRUE(all_equal(layer.running_variance()));
    if constexpr (!std::is_same_v<Mode, Eval>) {
      EXPECT_TRUE(all_equal(layer.gamma_gradient()));
      EXPECT_TRUE(all_equal(layer.beta_gradient()));
    }
  }

  static void expect_equal_in_all_modes(Index samples, Index channels, Index spatial) {
    for (const Case& which : cases_of<Scalar>()) {
      const auto dimensions = L::dimensions(samples, channels, spatial);
      expect_equal<Train>(dimensions, which);
      expect_equal<Frozen>(dimensions, which);
      expect_equal<Eval>(dimensions, which);
    }
  }
};

using AllLayouts =
    ::testing::Types<LayoutsOf<float>::RowMajorMatrix, LayoutsOf<float>::ColMajorMatrix,
                     LayoutsOf<float>::Strided, LayoutsOf<float>::NCHW, LayoutsOf<float>::NHWC,
                     LayoutsOf<double>::RowMajorMatrix, LayoutsOf<double>::ColMajorMatrix,
                     LayoutsOf<double>::ChannelsInRows, LayoutsOf<double>::NCHW,
                     LayoutsOf<double>::ColMajorTensor>;
TYPED_TEST_SUITE(EqualChannels, AllLayouts, LayoutName);

TYPED_TEST(EqualChannels, GetEqualBitsForEveryNumberOfChannels) {
  for (Index channels = 1; channels <= 40; ++channels)
    this->expect_equal_in_all_modes(3, channels, 2);
}

TYPED_TEST(EqualChannels, GetEqualBitsInEveryLoop) {
  for (const Index channels : {3, 9, 17, 33, 40, 70})
    for (const auto& [samples, spatial] :
         {std::pair<Index, Index>{20, 1}, {70, 1}, {9, 49}, {2, 600}})
      this->expect_equal_in_all_modes(samples, channels, spatial);
}

// The root and the inverse are those of IEEE arithmetic, whatever the channel's place.
TEST(InverseDeviation, IsCorrectlyRoundedEverywhere) {
  for (const double variance : {2.0, 1e-300, 5e-324, 0x1.fffffffffffffp0, 1e300, 0.1})
    for (Index channels = 1; channels <= 40; ++channels) {
      const Eigen::VectorXd variances = Eigen::VectorXd::Constant(channels, variance);
      const Eigen::VectorXd means = Eigen::VectorXd::Zero(channels);
      batchnorm::detail::ChannelCoefficients<double> k;
      batchnorm::detail::prepare_from_running<double>(channels, means.data(), variances.data(),
                                                      nullptr, nullptr, 0, k);
      for (Index c = 0; c < channels; ++c)
        ASSERT_EQ(k.inverse_deviation[c], 1 / std::sqrt(variance)) << c << " of " << channels;
    }
}

}  // namespace
