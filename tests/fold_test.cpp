#include <gtest/gtest.h>

#include <array>
#include <type_traits>
#include <vector>

#include "fixtures.hpp"

// What folding gives, value by value; fold_maps_test.cpp has the law for every kind of map.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::fold, batchnorm::fold_into_next, batchnorm::groups,
    batchnorm::ChannelAxis, batchnorm::ChannelsLast, batchnorm::Eval;

constexpr Index outputs = 5, inputs = 7;

template <typename Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <typename Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

template <typename Scalar>
Matrix<Scalar> some_matrix(Index rows, Index cols, std::uint64_t seed) {
  Matrix<Scalar> m(rows, cols);
  for (Index row = 0; row < rows; ++row)
    for (Index col = 0; col < cols; ++col)
      m(row, col) = static_cast<Scalar>(noise(seed, row, col, 0));
  return m;
}

/// gamma / sqrt(variance + epsilon) of every channel, in more than double.
template <typename Norm>
std::vector<long double> scales(const Norm& norm) {
  const auto state = norm.state();
  std::vector<long double> result;
  for (Index c = 0; c < norm.channels(); ++c) {
    const long double gamma = state.gamma.size() == 0 ? 1.0L : state.gamma[c];
    result.push_back(gamma / std::sqrt(static_cast<long double>(state.running_variance[c]) +
                                       norm.options().epsilon));
  }
  return result;
}

template <typename Norm, typename Bias>
long double expected_bias(const Norm& norm, const Bias& bias, Index c) {
  const auto state = norm.state();
  const long double beta = state.beta.size() == 0 ? 0.0L : state.beta[c];
  return (static_cast<long double>(bias[c]) - state.running_mean[c]) *
             scales(norm)[static_cast<std::size_t>(c)] +
         beta;
}

/// One rounding of Scalar, and the few of double before it. What double itself is asked for has
/// nothing better to be rounded from.
template <typename Scalar>
inline constexpr double rounded_once = std::is_same_v<Scalar, float> ? 1.0000001 : 8;

template <typename Scalar>
void expect_rounded_once(Scalar got, long double expected, double magnitude) {
  const auto error = std::abs(static_cast<double>(static_cast<long double>(got) - expected));
  EXPECT_LE(error, rounded_once<Scalar> * roundoff<Scalar> * magnitude);
}

template <typename Scalar, typename Affine>
void expect_each_value_rounded_once() {
  const BatchNorm<Scalar, Eval, Affine> norm(some_state<Scalar, Affine>(outputs),
                                             {.epsilon = 0.125});
  const Matrix<Scalar> weight = some_matrix<Scalar>(outputs, inputs, 2);
  const Vector<Scalar> bias = some_matrix<Scalar>(outputs, 1, 3);
  const auto folded = fold(norm, weight, bias);
  for (Index c = 0; c < outputs; ++c) {
    for (Index k = 0; k < inputs; ++k) {
      const long double expected =
          static_cast<long double>(weight(c, k)) * scales(norm)[static_cast<std::size_t>(c)];
      expect_rounded_once(folded.weight(c, k), expected, static_cast<double>(std::abs(expected)));
    }
    const auto expected = expected_bias(norm, bias, c);
    // A float that is rounded once is off by a roundoff of itself; of double's terms, the sizes
    // count.
    const double size = std::is_same_v<Scalar, float> ? static_cast<double>(std::abs(expected)) : 4;
    expect_rounded_once(folded.bias[c], expected, size);
  }
}

TEST(Fold, RoundsEveryValueOnce) {
  expect_each_value_rounded_once<float, batchnorm::ScaleAndShift>();
  expect_each_value_rounded_once<float, batchnorm::ScaleOnly>();
  expect_each_value_rounded_once<float, batchnorm::ShiftOnly>();
  expect_each_value_rounded_once<float, batchnorm::NoAffine>();
  expect_each_value_rounded_once<double, batchnorm::ScaleAndShift>();
}

/// bias(o) + sum over i of weight(o, i) * (beta - mean * s)(i), in more than double.
template <typename Norm, typename Weight, typename Bias>
long double expected_next_bias(const Norm& norm, const Weight& weight, const Bias& bias, Index o) {
  const Vector<typename Norm::Scalar> zero = Vector<typename Norm::Scalar>::Zero(weight.cols());
  long double sum = bias[o];
  for (Index i = 0; i < weight.cols(); ++i) sum += weight(o, i) * expected_bias(norm, zero, i);
  return sum;
}

template <typename Scalar, typename Affine>
void expect_each_value_of_the_next_map_rounded_once() {
  const BatchNorm<Scalar, Eval, Affine> norm(some_state<Scalar, Affine>(inputs),
                                             {.epsilon = 0.125});
  const Matrix<Scalar> weight = some_matrix<Scalar>(outputs, inputs, 2);
  const Vector<Scalar> bias = some_matrix<Scalar>(outputs, 1, 3);
  const auto folded = fold_into_next(norm, weight, bias);
  for (Index o = 0; o < outputs; ++o) {
    for (Index i = 0; i < inputs; ++i) {
      const long double expected =
          static_cast<long double>(weight(o, i)) * scales(norm)[static_cast<std::size_t>(i)];
      expect_rounded_once(folded.weight(o, i), expected, static_cast<double>(std::abs(expected)));
    }
    const auto expected = expected_next_bias(norm, weight, bias, o);
    const double size =
        std::is_same_v<Scalar, float> ? static_cast<double>(std::abs(expected)) : inputs;
    expect_rounded_once(folded.bias[o], expected, size);
  }
}

TEST(FoldIntoNext, RoundsEveryValueOnce) {
  expect_each_value_of_the_next_map_rounded_once<float, batchnorm::ScaleAndShift>();
  expect_each_value_of_the_next_map_rounded_once<float, batchnorm::ScaleOnly>();
  expect_each_value_of_the_next_map_rounded_once<float, batchnorm::ShiftOnly>();
  expect_each_value_of_the_next_map_rounded_once<float, batchnorm::NoAffine>();
  expect_each_value_of_the_next_map_rounded_once<double, batchnorm::ScaleAndShift>();
}

/// What two computations of the same sums may differ by.
double tolerance(const Matrix<double>& weight, const Matrix<double>& x,
                 const Vector<double>& bias) {
  const double largest =
      (x.cwiseAbs() * weight.cwiseAbs().transpose()).maxCoeff() + bias.cwiseAbs().maxCoeff();
  return 32 * roundoff<double> * largest;
}

TEST(Fold, OfALinearMapIsTheLayerBehindIt) {
  const BatchNorm<double, Eval> norm(some_state<double>(outputs));
  const Matrix<double> weight = some_matrix<double>(outputs, inputs, 2);
  const Vector<double> bias = some_matrix<double>(outputs, 1, 3);
  const Matrix<double> x = some_matrix<double>(20, inputs, 4);

  const Matrix<double> z = (x * weight.transpose()).rowwise() + bias.transpose();
  const auto folded = fold(norm, weight, bias);
  const Matrix<double> y = (x * folded.weight.transpose()).rowwise() + folded.bias.transpose();
  EXPECT_LE((y - norm.forward(z)).cwiseAbs().maxCoeff(), tolerance(folded.weight, x, folded.bias));
}

TEST(Fold, OfALayerInFrontIsTheLinearMapBehindIt) {
  const BatchNorm<double, Eval> norm(some_state<double>(inputs));
  const Matrix<double> weight = some_matrix<double>(outputs, inputs, 2);
  const Vector<double> bias = some_matrix<double>(outputs, 1, 3);
  const Matrix<double> x = some_matrix<double>(20, inputs, 4);

  const Matrix<double> expected =
      (norm.forward(x) * weight.transpose()).rowwise() + bias.transpose();
  const auto folded = fold_into_next(norm, weight, bias);
  const Matrix<double> y = (x * folded.weight.transpose()).rowwise() + folded.bias.transpose();
  EXPECT_LE((y - expected).cwiseAbs().maxCoeff(), tolerance(folded.weight, x, folded.bias));
}

TEST(Fold, OfOneChannelHasItsBeta) {
  batchnorm::State<float> state = some_state<float>(1);
  state.running_mean[0] = 0.5F;
  state.beta[0] = 0.75F;
  const BatchNorm<float, Eval> norm(state);
  const Matrix<float> weight = some_matrix<float>(1, 1, 2);
  const Vector<float> mean = Vector<float>::Constant(1, 0.5F), bias = some_matrix<float>(1, 1, 3);
  // The layer maps the mean to beta.
  EXPECT_EQ(fold(norm, weight, mean).bias[0], 0.75F);
  const auto next = fold_into_next(norm, weight, bias);
  expect_rounded_once(next.bias[0], expected_next_bias(norm, weight, bias, 0), 4);
}

TEST(Fold, WithoutABiasIsThatWithABiasOfZero) {
  const BatchNorm<float, Eval> norm(some_state<float>(outputs));
  const Matrix<float> weight = some_matrix<float>(outputs, inputs, 2);
  const Vector<float> zero = Vector<float>::Zero(outputs);
  const auto without = fold(norm, weight), with = fold(norm, weight, zero);
  EXPECT_TRUE(same_bits(without.weight, with.weight));
  EXPECT_TRUE(same_bits(without.bias, with.bias));
  EXPECT_FALSE(without.bias.isZero());
}

TEST(Fold, TakesTheOutputsOnAnyAxis) {
  const BatchNorm<float, Eval> norm(some_state<float>(outputs));
  const Matrix<float> weight = some_matrix<float>(outputs, inputs, 2);
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> transposed =
      weight.transpose();
  const Matrix<float> expected = fold(norm, weight).weight.transpose();
  EXPECT_TRUE(same_bits(fold<ChannelsLast>(norm, transposed).weight, expected));
  EXPECT_TRUE(same_bits(fold<ChannelAxis<1>>(norm, weight.transpose()).weight, expected));
}

using Kernel = Eigen::Tensor<double, 4, Eigen::RowMajor>;

Kernel some_kernel(Index a, Index b, Index c, Index d) {
  Kernel kernel(a, b, c, d);
  for (Index k = 0; k < kernel.size(); ++k) kernel.data()[k] = noise(6, k, 0, 0);
  return kernel;
}

/// z(n, o, i, j) = sum over channels and kernel positions, in plain loops: NCHW with a kernel
/// (outputs, inputs, height, width).
Kernel convolve(const Kernel& x, const Kernel& kernel, const Vector<double>& bias) {
  Kernel z(x.dimension(0), kernel.dimension(0), x.dimension(2) - kernel.dimension(2) + 1,
           x.dimension(3) - kernel.dimension(3) + 1);
  for (Index n = 0; n < z.dimension(0); ++n)
    for (Index o = 0; o < z.dimension(1); ++o)
      for (Index i = 0; i < z.dimension(2); ++i)
        for (Index j = 0; j < z.dimension(3); ++j) {
          z(n, o, i, j) = bias[o];
          for (Index c = 0; c < kernel.dimension(1); ++c)
            for (Index k = 0; k < kernel.dimension(2); ++k)
              for (Index l = 0; l < kernel.dimension(3); ++l)
                z(n, o, i, j) += kernel(o, c, k, l) * x(n, c, i + k, j + l);
        }
  return z;
}

TEST(Fold, OfAConvolutionIsTheLayerBehindIt) {
  const batchnorm::BatchNorm2d<double, Eval> norm(some_state<double>(outputs));
  const Kernel kernel = some_kernel(outputs, 3, 2, 4), x = some_kernel(2, 3, 6, 7);
  const Vector<double> bias = some_matrix<double>(outputs, 1, 3);
  const auto folded = fold(norm, kernel, bias);
  const Kernel y = convolve(x, folded.weight, folded.bias);
  const Kernel expected = norm.forward(convolve(x, kernel, bias));
  for (Index k = 0; k < y.size(); ++k)
    EXPECT_NEAR(y.data()[k], expected.data()[k], 256 * roundoff<double>);
}

TEST(Fold, KeepsTheShapeAndOrderOfAKernel) {
  const BatchNorm<double, Eval> norm(some_state<double>(outputs));
  const Kernel hwio = some_kernel(2, 4, 3, outputs);
  const Eigen::TensorMap<const Kernel> map(hwio.data(), hwio.dimensions());
  const auto folded = fold<ChannelsLast>(norm, map);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(folded.weight)>, Kernel>);
  ASSERT_EQ(folded.weight.dimensions(), hwio.dimensions());
  for (Index k = 0; k < hwio.size(); ++k) {
    const long double scale = scales(norm)[static_cast<std::size_t>(k % outputs)];
    expect_rounded_once(folded.weight.data()[k], hwio.data()[k] * scale, 4);
  }
}

// Of axes in an order that neither framework has: (outputs, height, width, inputs).
TEST(FoldIntoNext, TakesInputsAndOutputsOnAnyAxes) {
  const BatchNorm<double, Eval> norm(some_state<double>(3));
  const Vector<double> bias = some_matrix<double>(outputs, 1, 3);
  const Kernel pytorch = some_kernel(outputs, 3, 2, 4);
  const Kernel other = pytorch.shuffle(std::array<int, 4>{0, 2, 3, 1});
  const auto expected = fold_into_next(norm, pytorch, bias);
  const auto folded = fold_into_next<ChannelAxis<0>, ChannelsLast>(norm, other, bias);
  const Kernel back = folded.weight.shuffle(std::array<int, 4>{0, 3, 1, 2});
  EXPECT_TRUE(same_bits(back, expected.weight));
  EXPECT_TRUE(same_bits(folded.bias, expected.bias));
}

// PyTorch writes a depthwise convolution as one in groups of one channel, (outputs, 1, ...).
TEST(FoldIntoNext, OfADepthwiseKernelInEitherOrderIsTheSame) {
  const Index channels = 4, multiplier = 3;
  const BatchNorm<double, Eval> norm(some_state<double>(channels));
  const Kernel keras = some_kernel(2, 5, channels, multiplier);
  Kernel pytorch(channels * multiplier, 1, 2, 5);
  for (Index o = 0; o < channels * multiplier; ++o)
    for (Index k = 0; k < 2; ++k)
      for (Index l = 0; l < 5; ++l)
        pytorch(o, 0, k, l) = keras(k, l, o / multiplier, o % multiplier);
  const auto of_keras = fold_into_next<ChannelsLast>(norm, keras, groups<ChannelAxis<2>>(channels));
  const auto of_pytorch = fold_into_next(norm, pytorch, groups<ChannelAxis<0>>(channels));
  EXPECT_TRUE(same_bits(of_keras.bias, of_pytorch.bias));
  for (Index o = 0; o < channels * multiplier; ++o)
    EXPECT_EQ(of_keras.weight(1, 3, o / multiplier, o % multiplier), of_pytorch.weight(o, 0, 1, 3));
}

// What the layer maps to 0 stands at the border for a 0 behind the layer.
TEST(FoldIntoNext, PaddedWithWhatTheLayerMapsToZeroIsTheUnfoldedOne) {
  const batchnorm::BatchNorm2d<double, Eval> norm(some_state<double>(3));
  const Kernel kernel = some_kernel(outputs, 3, 3, 3), x = some_kernel(1, 3, 4, 4);
  const Vector<double> bias = some_matrix<double>(outputs, 1, 3), zero = Vector<double>::Zero(3);
  const Vector<double> padding =
      norm.running_mean().template cast<double>().array() -
      norm.beta().array() /
          (norm.gamma().array() /
           (norm.running_variance().template cast<double>().array() + norm.options().epsilon)
               .sqrt());
  const auto padded = [](const Kernel& of, const Vector<double>& with) {
    Kernel result(1, 3, 6, 6);
    for (Index c = 0; c < 3; ++c)
      for (Index i = 0; i < 6; ++i)
        for (Index j = 0; j < 6; ++j) {
          const bool inside = i > 0 && i < 5 && j > 0 && j < 5;
          result(0, c, i, j) = inside ? of(0, c, i - 1, j - 1) : with[c];
        }
    return result;
  };
  const Kernel expected = convolve(padded(norm.forward(x), zero), kernel, bias);
  const auto folded = fold_into_next(norm, kernel, bias);
  const Kernel y = convolve(padded(x, padding), folded.weight, folded.bias);
  for (Index k = 0; k < y.size(); ++k)
    EXPECT_NEAR(y.data()[k], expected.data()[k], 256 * roundoff<double>);
}

TEST(Fold, GivesTheKindsThatItTook) {
  const BatchNorm<float, Eval> norm(some_state<float>(outputs));
  const Matrix<float> weight = some_matrix<float>(outputs, inputs, 2);
  const Eigen::RowVectorXf row = Eigen::RowVectorXf::LinSpaced(outputs, -1, 1);
  const Eigen::ArrayXf column = row.transpose().array();
  const auto of_row = fold(norm, weight.topRows(outputs), row);
  const auto of_array = fold(norm, weight.array(), column);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(of_row.weight)>, Matrix<float>>);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(of_row.bias)>, Eigen::RowVectorXf>);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(of_array.bias)>, Eigen::ArrayXf>);
  EXPECT_TRUE(same_bits(of_row.bias.transpose(), of_array.bias.matrix()));
}

TEST(FoldIntoNext, GivesTheKindsThatItTook) {
  const BatchNorm<float, Eval> norm(some_state<float>(inputs));
  const Matrix<float> whole = some_matrix<float>(2 * outputs, inputs + 3, 2);
  const Matrix<float> weight = whole.block(2, 1, outputs, inputs);
  const Eigen::RowVectorXf row = Eigen::RowVectorXf::LinSpaced(outputs, -1, 1);
  const Vector<float> column = row.transpose();
  const Eigen::Map<const Matrix<float>> map(weight.data(), outputs, inputs);
  const auto of_block = fold_into_next(norm, whole.block(2, 1, outputs, inputs), row);
  const auto of_map = fold_into_next(norm, map, column);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(of_block.weight)>, Matrix<float>>);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(of_block.bias)>, Eigen::RowVectorXf>);
  EXPECT_TRUE(same_bits(of_block.weight, of_map.weight));
  EXPECT_TRUE(same_bits(of_block.bias.transpose(), of_map.bias));
}

// A channel that never varied: forward gives beta, whatever x is.
TEST(Fold, OfAConstantChannelWithoutEpsilonIsBeta) {
  batchnorm::State<float> state = some_state<float>(outputs);
  state.running_variance[2] = 0;
  const BatchNorm<float, Eval> norm(state, {.epsilon = 0});
  const Vector<float> bias = some_matrix<float>(outputs, 1, 3);
  const auto folded = fold(norm, some_matrix<float>(outputs, inputs, 2), bias);
  EXPECT_TRUE(folded.weight.row(2).isZero(0));
  EXPECT_EQ(folded.bias[2], state.beta[2]);
}

TEST(FoldIntoNext, OfAConstantChannelWithoutEpsilonIsBetaTimesItsWeights) {
  batchnorm::State<float> state = some_state<float>(1);
  state.running_variance[0] = 0;
  const BatchNorm<float, Eval> norm(state, {.epsilon = 0});
  const Matrix<float> weight = some_matrix<float>(outputs, 1, 2);
  const auto folded = fold_into_next(norm, weight);
  EXPECT_TRUE(folded.weight.isZero(0));
  EXPECT_TRUE(same_bits(folded.bias, (weight * state.beta).eval()));
}

// A scale beyond the range of float has no place in a weight; the layer itself is right.
TEST(Fold, OfAScaleBeyondTheRangeIsRefused) {
  batchnorm::State<float> state = batchnorm::BatchNorm<float>(2).state();
  state.running_variance(1) = 1e-80;
  const batchnorm::BatchNorm<float, batchnorm::Eval> layer(state, {.epsilon = 0.0});
  const Eigen::MatrixXf weight = Eigen::MatrixXf::Ones(2, 3), next = Eigen::MatrixXf::Ones(3, 2);
  EXPECT_THROW(static_cast<void>(batchnorm::fold(layer, weight)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(batchnorm::fold_into_next(layer, next)), std::invalid_argument);
  Eigen::MatrixXf bad = weight;
  bad(0, 0) = std::numeric_limits<float>::quiet_NaN();
  const batchnorm::BatchNorm<float, batchnorm::Eval> usual(state);
  EXPECT_TRUE(std::isnan(batchnorm::fold(usual, bad).weight(0, 0)));
}

}  // namespace
