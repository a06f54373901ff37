#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>

#include "layouts.hpp"

// What is prepared is forward without its checks: the same bits, in the memory that it was made
// with and elsewhere.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::PreparedForward, batchnorm::ReLU,
    batchnorm::residual;

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

static_assert(noexcept(std::declval<const PreparedForward<float>&>()()));
static_assert(noexcept(std::declval<const PreparedForward<float>&>()(nullptr, nullptr)));
static_assert(noexcept(std::declval<const PreparedForward<double, true>&>()(nullptr, nullptr,
                                                                            nullptr)));
static_assert(std::is_trivially_copyable_v<PreparedForward<float>>);

template <typename L>
class Prepared : public ::testing::Test {
 protected:
  using Scalar = typename OfLayout<L>::Scalar;
  using Layer = BatchNorm<Scalar, Eval, ReLU, typename L::Axis>;

  /// The arguments of a forward, of values that `seed` says.
  struct Arguments {
    Arguments(const typename L::Dims& dimensions, std::uint64_t seed)
        : x(L::filled(dimensions, pattern<Scalar>(L::shape(dimensions), seed))),
          r(L::filled(dimensions, pattern<Scalar>(L::shape(dimensions), seed + 1))),
          y(dimensions) {}
    typename L::Kind x, r, y;
  };

  static Layer layer(Index channels) {
    return Layer(some_state<batchnorm::ArithmeticOf<Scalar>>(channels));
  }
};
using Types = typename Joined<
    Layouts, ::testing::Types<LayoutsOf<double>::NCHW, LayoutsOf<Eigen::bfloat16>::NHWC>>::Types;
TYPED_TEST_SUITE(Prepared, Types, LayoutName);

TYPED_TEST(Prepared, GivesTheBitsOfForward) {
  using L = TypeParam;
  for (const auto& dimensions : {L::dimensions(1, 19, 1), L::dimensions(5, 3, 7),
                                 L::dimensions(4, 33, 65), L::dimensions(0, 7, 3)}) {
    typename TestFixture::Arguments on(dimensions, 171), others(dimensions, 173), expected = on;
    const auto layer = TestFixture::layer(L::shape(dimensions).channels);
    const auto expect_bits = [&](auto& of) {
      EXPECT_TRUE(same_bits(L::values(of.y, dimensions), L::values(expected.y, dimensions)));
    };
    const auto plain = layer.prepared(on.x.get(), on.y.get());
    plain();
    layer.forward(expected.x.get(), expected.y.get());
    expect_bits(on);
    const auto with_residual = layer.prepared(on.x.get(), residual(on.r.get()), on.y.get());
    with_residual();
    layer.forward(expected.x.get(), residual(expected.r.get()), expected.y.get());
    expect_bits(on);
    with_residual(others.x.get().data(), others.r.get().data(), others.y.get().data());
    layer.forward(others.x.get(), residual(others.r.get()), expected.y.get());
    expect_bits(others);
    plain(others.x.get().data(), others.y.get().data());
    layer.forward(others.x.get(), expected.y.get());
    expect_bits(others);
  }
}

TEST(PreparedForward, ReadsWhatIsThereWhenItIsCalled) {
  const BatchNorm<float, Eval> layer(some_state<float>(5));
  Matrix x = Matrix::Zero(3, 5), y;
  const auto call = layer.prepared(x, y);
  EXPECT_EQ(y.rows(), 3);
  x = noise_matrix<float>(3, 5, 7);
  call();
  EXPECT_TRUE(same_bits(y, Matrix(layer.forward(x))));
}

TEST(PreparedForward, MayWriteOverItsInput) {
  const BatchNorm<float, Eval> layer(some_state<float>(5));
  Matrix x = noise_matrix<float>(3, 5, 7), other = noise_matrix<float>(3, 5, 8);
  const Matrix y = layer.forward(x), of_other = layer.forward(other);
  const auto call = layer.prepared(x, x);
  call();
  EXPECT_TRUE(same_bits(x, y));
  call(other.data(), other.data());
  EXPECT_TRUE(same_bits(other, of_other));
}

/// At every place within a packet, and of every rest behind whole packets.
TEST(PreparedForward, TakesAnyAddress) {
  constexpr Index most = 40;
  const Matrix values = noise_matrix<float>(1, most, 9);
  for (Index channels = 1; channels < 18; ++channels) {
    const BatchNorm<float, Eval, ReLU> layer(some_state<float>(channels));
    Matrix x = values.leftCols(channels), y;
    const auto call = layer.prepared(x, y);
    for (Index place = 0; place < 17; ++place) {
      const Matrix line = values.middleCols(place, channels);
      Matrix to = Matrix::Constant(1, most, 3.0F);
      call(values.data() + place, to.data() + place);
      EXPECT_TRUE(same_bits(Matrix(to.middleCols(place, channels)), Matrix(layer.forward(line))));
      EXPECT_EQ((to.array() == 3.0F).count(), most - channels);
    }
  }
}

/// Deviations so small that their scale leaves the range of float.
TEST(PreparedForward, TakesTheSmallestDeviations) {
  batchnorm::State<float> state = some_state<float>(3);
  state.running_mean.setZero();
  state.running_variance.setConstant(1e-80);
  const BatchNorm<float, Eval> layer(state, {.epsilon = 1e-90});
  Matrix x = Matrix::Constant(2, 3, 1e-38F), y;
  const auto call = layer.prepared(x, y);
  call();
  EXPECT_GT(y.cwiseAbs().maxCoeff(), 10.0F);
  EXPECT_TRUE(same_bits(y, Matrix(layer.forward(x))));
}

TEST(PreparedForward, RefusesWhatForwardRefuses) {
  const BatchNorm<float, Eval> layer(some_state<float>(5));
  Matrix x(3, 4), y(3, 5);
  EXPECT_THROW((void)layer.prepared(x, y), std::invalid_argument);
  Matrix wide(4, 5);
  EXPECT_THROW((void)layer.prepared(wide.topRows(3), wide.bottomRows(3)), std::invalid_argument);
}

}  // namespace
