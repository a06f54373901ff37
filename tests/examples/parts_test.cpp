// The small parts of the network, each by the law that defines it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "nn/activation.hpp"
#include "nn/batches.hpp"
#include "nn/cross_entropy.hpp"
#include "nn/dropout.hpp"
#include "nn/ghost_norm.hpp"
#include "nn/linear.hpp"
#include "nn/product.hpp"
#include "nn/random.hpp"
#include "nn/sgd.hpp"

namespace {

using Eigen::VectorXd;
using nn::Index;

TEST(Random, EachSeedAndStreamIsASequenceOfItsOwn) {
  nn::Random a(7, 1);
  nn::Random b(7, 1);
  nn::Random other_stream(7, 2);
  nn::Random other_seed(8, 1);
  const double first = a.uniform();
  EXPECT_EQ(first, b.uniform());
  EXPECT_NE(first, other_stream.uniform());
  EXPECT_NE(first, other_seed.uniform());
}

TEST(Random, UniformHasItsMeanAndVariance) {
  nn::Random random(1, 0);
  VectorXd values(100000);
  for (double& value : values) value = random.uniform();
  EXPECT_GE(values.minCoeff(), 0);
  EXPECT_LT(values.maxCoeff(), 1);
  EXPECT_NEAR(values.mean(), 0.5, 0.005);
  EXPECT_NEAR((values.array() - values.mean()).square().mean(), 1.0 / 12, 0.001);
}

TEST(Random, BelowStaysBelowAndReachesAll) {
  nn::Random random(1, 0);
  std::vector<int> seen(7);
  for (int i = 0; i < 7000; ++i) ++seen.at(random.below(7));
  EXPECT_GT(*std::min_element(seen.begin(), seen.end()), 850);
}

/// Values of 16 bits, and the same in float.
struct Pair {
  explicit Pair(Index rows, Index columns, std::uint64_t seed) {
    nn::Random random(seed, 0);
    narrow = nn::Matrix<Eigen::bfloat16>::NullaryExpr(
        rows, columns, [&] { return Eigen::bfloat16(static_cast<float>(random.uniform() - 0.5)); });
    wide = narrow.cast<float>();
  }
  nn::Matrix<Eigen::bfloat16> narrow;
  nn::Matrix<float> wide;
};

/// A layer of 16 bits gives what its twin of float gives for the same values, rounded once.
template <typename Narrow, typename Wide>
void expect_rounded_once(Narrow narrow, Wide wide) {
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  const Pair x(37, 19, 1);
  nn::Matrix<Eigen::bfloat16> y;
  nn::Matrix<float> expected;
  narrow.forward(device, x.narrow, y);
  wide.forward(device, x.wide, expected);
  EXPECT_TRUE(y == expected.cast<Eigen::bfloat16>());

  const Pair dy(37, y.cols(), 2);
  nn::Matrix<Eigen::bfloat16> dx;
  narrow.backward(device, x.narrow, dy.narrow, dx);
  wide.backward(device, x.wide, dy.wide, expected);
  EXPECT_TRUE(dx == expected.cast<Eigen::bfloat16>());
  if constexpr (requires { narrow.weights_gradient(); }) {
    EXPECT_EQ(narrow.weights_gradient(), wide.weights_gradient());
    EXPECT_EQ(narrow.bias_gradient(), wide.bias_gradient());
  }
}

TEST(SixteenBits, LayersGiveTheResultsOfFloatRoundedOnce) {
  expect_rounded_once(nn::Relu(), nn::Relu());
  expect_rounded_once(nn::Sigmoid(), nn::Sigmoid());
  expect_rounded_once(nn::Dropout<Eigen::bfloat16>(0.4, nn::Random(3, 0)),
                      nn::Dropout<float>(0.4, nn::Random(3, 0)));
  for (const nn::Bias bias : {nn::Bias::none, nn::Bias::learned}) {
    nn::Linear<float> linear(19, 150, bias);
    nn::Random random(4, 0);
    linear.initialize(1, random);
    linear.bias().setConstant(1.7F);
    expect_rounded_once(nn::Linear<Eigen::bfloat16>(linear), linear);
  }
}

TEST(SixteenBits, TheLossIsThatOfFloat) {
  const Pair logits(9, 5, 1);
  nn::Labels labels(9);
  for (Index i = 0; i < 9; ++i) labels[i] = static_cast<int>(i % 5);
  nn::Matrix<Eigen::bfloat16> gradient;
  nn::Matrix<float> expected;
  const nn::Score score = nn::cross_entropy(logits.narrow, labels, gradient);
  EXPECT_EQ(score.loss, nn::cross_entropy(logits.wide, labels, expected).loss);
  EXPECT_TRUE(gradient == expected.cast<Eigen::bfloat16>());
}

/// Samples whose one pixel and label are their number.
nn::Samples<float> numbered(Index count) {
  nn::Samples<float> samples;
  samples.images =
      nn::Matrix<float>(Eigen::VectorXf::LinSpaced(count, 0, static_cast<float>(count - 1)));
  samples.labels = samples.images.cast<int>();
  return samples;
}

/// The first row of each block, and the number of rows behind the last.
std::vector<Index> borders_of_ghosts(Index rows, Index block) {
  std::vector<Index> borders;
  for (Index row = 0; row < rows; row += block) {
    if (row == 0 || rows - row > 1) borders.push_back(row);
  }
  borders.push_back(rows);
  return borders;
}

TEST(GhostNorm, NormalisesEachBlockAsALayerOfItsOwnWould) {
  using Norm = nn::GhostNorm<double>::Norm;
  using Matrix = nn::Matrix<double>;
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  for (const auto& [rows, block] : {std::pair<Index, Index>{12, 4}, {13, 4}, {14, 4}, {3, 4}}) {
    const Matrix x = Matrix::Random(rows, 3);
    const Matrix dy = Matrix::Random(rows, 3);
    nn::GhostNorm<double> ghost(Norm(3), block);
    Norm plain(3);
    Matrix y;
    Matrix dx;
    ghost.forward(device, x, y);
    ghost.backward(device, x, dy, dx);
    Eigen::VectorXd dgamma = Eigen::VectorXd::Zero(3);
    Eigen::VectorXd dbeta = Eigen::VectorXd::Zero(3);
    const auto borders = borders_of_ghosts(rows, block);
    for (std::size_t k = 0; k + 1 < borders.size(); ++k) {
      const auto of = Eigen::seq(borders[k], borders[k + 1] - 1);
      const Matrix some = x(of, Eigen::all);
      const Matrix gradient = dy(of, Eigen::all);
      EXPECT_EQ(Matrix(y(of, Eigen::all)), plain.forward(device, some)) << rows << ", block " << k;
      EXPECT_EQ(Matrix(dx(of, Eigen::all)), plain.backward(device, some, gradient));
      dgamma += plain.gamma_gradient();
      dbeta += plain.beta_gradient();
    }
    EXPECT_EQ(ghost.norm().running_mean(), plain.running_mean());
    EXPECT_EQ(ghost.norm().running_variance(), plain.running_variance());
    EXPECT_EQ(ghost.norm().batches(), plain.batches());
    EXPECT_TRUE(ghost.norm().gamma_gradient().isApprox(dgamma, 1e-14));
    EXPECT_TRUE(ghost.norm().beta_gradient().isApprox(dbeta, 1e-14));
  }
}

TEST(Batches, AnEpochHasEverySampleOnceAndNoBatchOfOne) {
  for (Index count = 2; count < 40; ++count) {
    for (Index size = 2; size < 12; ++size) {
      nn::Batches batches(count, size, nn::Random(1, 1));
      const nn::Samples<float> samples = numbered(count);
      batches.shuffle();
      std::vector<int> seen(static_cast<std::size_t>(count));
      nn::Samples<float> batch;
      for (Index i = 0; i < batches.count(); ++i) {
        batches.copy(i, samples, batch);
        ASSERT_GT(batch.labels.size(), 1);
        ASSERT_LE(batch.labels.size(), size + 1);
        ASSERT_EQ(batch.images.cast<int>(), batch.labels) << "images keep their labels";
        for (const int label : batch.labels) ++seen.at(static_cast<std::size_t>(label));
      }
      EXPECT_EQ(seen, std::vector<int>(static_cast<std::size_t>(count), 1))
          << count << " by " << size;
    }
  }
}

TEST(Batches, EpochsHaveDifferentOrders) {
  nn::Batches batches(100, 100, nn::Random(1, 1));
  const nn::Samples<float> samples = numbered(100);
  nn::Samples<float> first;
  nn::Samples<float> second;
  batches.shuffle();
  batches.copy(0, samples, first);
  batches.shuffle();
  batches.copy(0, samples, second);
  EXPECT_NE(first.labels, second.labels);
}

TEST(Product, HasTheSameBitsForEveryNumberOfThreads) {
  using Matrix = nn::Matrix<float>;
  for (const auto& [rows, depth, columns] :
       {std::array<Index, 3>{64, 784, 256}, {784, 64, 300}, {1, 5, 1}}) {
    const Matrix a = Matrix::Random(rows, depth);
    const Matrix b = Matrix::Random(depth, columns);
    Matrix one;
    for (const int threads : {1, 2, 3, 8}) {
      Eigen::ThreadPool pool(threads);
      const nn::Device device(&pool, threads);
      Matrix result;
      nn::product(device, a, b, result);
      if (threads == 1) one = result;
      EXPECT_EQ(result, one) << threads << " threads";
    }
    const Eigen::MatrixXd exact = a.cast<double>() * b.cast<double>();
    const Eigen::MatrixXd scale = a.cwiseAbs().cast<double>() * b.cwiseAbs().cast<double>();
    EXPECT_TRUE(((one.cast<double>() - exact).array().abs() <= 1e-5 * scale.array()).all());
  }
}

TEST(CrossEntropy, IsThatOfTheSoftmax) {
  const nn::Matrix<double> logits{{1, 2, 0.5}, {-3, 0, 4}};
  const nn::Labels labels{{1, 0}};
  nn::Matrix<double> gradient;
  const nn::Score score = nn::cross_entropy(logits, labels, gradient);
  const Eigen::ArrayXXd softmax =
      logits.array().exp().colwise() / logits.array().exp().rowwise().sum();
  EXPECT_NEAR(score.loss, -std::log(softmax(0, 1)) - std::log(softmax(1, 0)), 1e-14);
  EXPECT_EQ(score.correct, 1);
  EXPECT_EQ(score.samples, 2);
  EXPECT_NEAR(gradient(0, 0), softmax(0, 0) / 2, 1e-15);
  EXPECT_NEAR(gradient(1, 0), (softmax(1, 0) - 1) / 2, 1e-15);
}

TEST(CrossEntropy, IsFiniteForHugeLogits) {
  nn::Matrix<float> gradient;
  const nn::Score score =
      nn::cross_entropy<float>(nn::Matrix<float>{{1e30F, -1e30F}}, nn::Labels{{0}}, gradient);
  EXPECT_EQ(score.loss, 0);
  EXPECT_TRUE(gradient.isZero());
}

TEST(Dropout, DropsThatShareScalesTheRestAndDoesTheSameBackward) {
  nn::Dropout<double> dropout(0.3, nn::Random(1, 0));
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  const nn::Matrix<double> x = nn::Matrix<double>::Constant(200, 100, 2);
  nn::Matrix<double> y;
  nn::Matrix<double> dx;
  dropout.forward(device, x, y);
  EXPECT_TRUE((y.array() == 0 || y.array() == 2 / 0.7).all());
  EXPECT_NEAR((y.array() == 0).cast<double>().mean(), 0.3, 0.02);
  dropout.backward(device, x, x, dx);
  EXPECT_EQ(dx, y);
  dropout.forward(device, x, y);
  EXPECT_NE(dx, y) << "each forward drops others";
}

/// A network of two parameters with constant gradients; only the first one decays.
struct TwoParameters {
  VectorXd weight{{2.0}}, bias{{2.0}}, gradient{{0.5}};

  template <typename F>
  void for_each_parameter(const F& f) {
    f(Eigen::Map<Eigen::ArrayXd>(weight.data(), 1), gradient.array(), nn::Decay::yes);
    f(Eigen::Map<Eigen::ArrayXd>(bias.data(), 1), gradient.array(), nn::Decay::no);
  }
};

TEST(Sgd, FollowsItsFormula) {
  const double rate = 0.1;
  const double momentum = 0.9;
  const double decay = 0.01;
  nn::Sgd<double> sgd({.learning_rate = rate, .momentum = momentum, .weight_decay = decay});
  TwoParameters network;
  double weight = 2;
  double bias = 2;
  double weight_velocity = 0;
  double bias_velocity = 0;
  for (int i = 0; i < 5; ++i) {
    sgd.step(network);
    weight_velocity = momentum * weight_velocity + 0.5 + decay * weight;
    bias_velocity = momentum * bias_velocity + 0.5;
    weight -= rate * weight_velocity;
    bias -= rate * bias_velocity;
    EXPECT_DOUBLE_EQ(network.weight[0], weight);
    EXPECT_DOUBLE_EQ(network.bias[0], bias);
  }
}

}  // namespace
