#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "parts.hpp"

// Gamma and beta from outside: of all samples they are a layer's own; of each sample, those of a
// layer that the sample alone has, with the statistics of all.

namespace {

using namespace fixtures;
using batchnorm::affine, batchnorm::residual;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::NoAffine,
    batchnorm::Options, batchnorm::ReLU, batchnorm::State, batchnorm::Train;

using Parameters = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;

/// The sample that position (o, i) is of.
template <typename L>
Index sample_of(const typename L::Dims& dimensions, Index o, Index i) {
  return static_cast<Index>(
      reference::index_of(dimensions, L::axis, o, 0, i)[L::axis == 0 ? 1 : 0]);
}

template <typename L>
Index samples_in(const typename L::Dims& dimensions) {
  return static_cast<Index>(dimensions[L::axis == 0 ? 1 : 0]);
}

/// One step by the definition. `state` has the statistics of a mode that keeps them, and no
/// parameters.
struct Expected {
  Values y, y_magnitude, dx, dx_magnitude, dresidual;
  Parameters dgamma, dbeta;
};

template <typename L>
Expected expected_step(const reference::Settings& settings, const reference::State& state,
                       const typename L::Dims& dimensions, const Values& x, const Values& r,
                       const Values& dy, const Parameters& gamma, const Parameters& beta) {
  const reference::Shape& shape = x.shape();
  const Values x_hat = reference::normalized(settings, state, x);
  const reference::Statistics used = reference::statistics(settings, state, x);
  const auto count = static_cast<double>(shape.count());
  const bool through = settings.mode == reference::Mode::train;
  const auto zeros = [&] { return Parameters::Zero(gamma.rows(), gamma.cols()).eval(); };
  Expected e{Values(shape), Values(shape), Values(shape), Values(shape), dy, zeros(), zeros()};
  std::vector<double> sum(static_cast<std::size_t>(shape.channels)), product = sum, size = sum;
  reference::for_each(shape, [&](Index o, Index c, Index i) {
    const Index n = sample_of<L>(dimensions, o, i);
    const auto at = static_cast<std::size_t>(c);
    const double value = gamma(n, c) * x_hat(o, c, i) + beta(n, c) + r(o, c, i);
    e.y(o, c, i) = std::max(value, 0.0);
    e.y_magnitude(o, c, i) = std::abs(gamma(n, c)) * std::max(std::abs(x_hat(o, c, i)), 1.0) +
                             std::abs(beta(n, c)) + std::abs(r(o, c, i));
    const double g = value > 0 ? dy(o, c, i) : 0;
    e.dresidual(o, c, i) = g;
    e.dgamma(n, c) += g * x_hat(o, c, i);
    e.dbeta(n, c) += g;
    sum[at] += gamma(n, c) * g;
    product[at] += gamma(n, c) * g * x_hat(o, c, i);
    size[at] += std::abs(gamma(n, c) * g) * std::max(1.0, std::abs(x_hat(o, c, i)));
  });
  reference::for_each(shape, [&](Index o, Index c, Index i) {
    const Index n = sample_of<L>(dimensions, o, i);
    const auto at = static_cast<std::size_t>(c);
    const double scale = reference::inverse_deviation(used.variance[at], settings.epsilon);
    const double statistics = through ? (sum[at] + x_hat(o, c, i) * product[at]) / count : 0.0;
    e.dx(o, c, i) = scale * (gamma(n, c) * e.dresidual(o, c, i) - statistics);
    e.dx_magnitude(o, c, i) =
        scale * (std::abs(gamma(n, c) * e.dresidual(o, c, i)) +
                 (through ? size[at] / count * (1 + std::abs(x_hat(o, c, i))) : 0.0));
  });
  return e;
}

template <typename L>
class Affine : public ::testing::Test {
 protected:
  using Scalar = typename OfLayout<L>::Scalar;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Vector<Scalar, Eigen::Dynamic>;
  template <typename Mode>
  using Layer = BatchNorm<Scalar, Mode, NoAffine, ReLU, typename L::Axis>;

  static Layer<Train> some_layer() {
    return Layer<Train>(some_state<Scalar, NoAffine>(part_channels));
  }

  template <typename Mode>
  static void expect_the_definition(Layer<Mode> layer) {
    for (const Index samples : {2, 5, 60}) {
      Part<L> part(samples, 600);
      const auto values = [&](auto which) { return L::values(part.*which, part.dimensions); };
      Matrix gamma = noise_matrix<Scalar>(samples_in<L>(part.dimensions), part_channels, 610);
      const Matrix beta = noise_matrix<Scalar>(gamma.rows(), part_channels, 611);
      gamma(0, 1) = 0;
      reference::Settings settings;
      settings.mode = to_reference<Mode>();
      const Expected e =
          expected_step<L>(settings, to_reference(layer.state()), part.dimensions,
                           values(&Part<L>::x), values(&Part<L>::r), values(&Part<L>::dy),
                           gamma.template cast<double>(), beta.template cast<double>());
      layer.forward(part.x.get(), residual(part.r.get()), affine(gamma, beta), part.y.get());
      Matrix dgamma, dbeta;
      layer.backward(part.x.get(), affine(gamma, beta), residual(part.r.get()), part.dy.get(),
                     part.dx.get(), part.dr.get(), dgamma, dbeta);
      EXPECT_LE(worst_error<Scalar>(values(&Part<L>::y), e.y, e.y_magnitude),
                forward_roundoffs<Scalar>);
      EXPECT_LE(worst_error<Scalar>(values(&Part<L>::dx), e.dx, e.dx_magnitude),
                backward_roundoffs<Scalar>);
      EXPECT_TRUE(same_bits(values(&Part<L>::dr), e.dresidual));
      const double tolerance = std::is_same_v<Scalar, float> ? 2e-6 : 1e-13;
      EXPECT_LE((dgamma.template cast<double>() - e.dgamma).cwiseAbs().maxCoeff(),
                tolerance * (1 + e.dgamma.cwiseAbs().maxCoeff()));
      EXPECT_LE((dbeta.template cast<double>() - e.dbeta).cwiseAbs().maxCoeff(),
                tolerance * (1 + e.dbeta.cwiseAbs().maxCoeff()));
    }
  }
};

using Of = LayoutsOf<float>;
using AffineLayouts =
    ::testing::Types<Of::RowMajorMatrix, Of::ColMajorMatrix, Of::ChannelsInRows, Of::NCHW, Of::NHWC,
                     Of::ColMajorTensor, Of::ColMajorSequences, LayoutsOf<double>::NCHW>;
TYPED_TEST_SUITE(Affine, AffineLayouts, LayoutName);

TYPED_TEST(Affine, OfSamplesIsItsDefinitionInTraining) {
  TestFixture::template expect_the_definition<Train>(TestFixture::some_layer());
}

TYPED_TEST(Affine, OfSamplesIsItsDefinitionWithConstantStatistics) {
  TestFixture::template expect_the_definition<Frozen>(
      typename TestFixture::template Layer<Frozen>(TestFixture::some_layer()));
  TestFixture::template expect_the_definition<Eval>(
      typename TestFixture::template Layer<Eval>(TestFixture::some_layer()));
}

TYPED_TEST(Affine, OfAllSamplesIsALayersOwn) {
  using L = TypeParam;
  using S = typename TestFixture::Scalar;
  const Options options{.renormalization = {.r_max = 1.5, .d_max = 0.1}};
  BatchNorm<S, Train, ReLU, typename L::Axis> own(some_state<S>(part_channels), options);
  auto state = own.state();
  state.gamma.resize(0);
  state.beta.resize(0);
  typename TestFixture::template Layer<Train> other(state, options);
  const typename TestFixture::Vector gamma = own.gamma(), beta = own.beta();
  Part<L> a(30, 600), b(30, 600);
  own.forward(a.x.get(), a.y.get());
  own.backward(a.x.get(), a.dy.get(), a.dx.get());
  typename TestFixture::Vector dgamma, dbeta;
  other.forward(b.x.get(), affine(gamma, beta), b.y.get());
  other.backward(b.x.get(), affine(gamma, beta), b.dy.get(), b.dx.get(), dgamma, dbeta);
  const Values dx = L::values(a.dx, a.dimensions);
  EXPECT_TRUE(same_bits(L::values(a.y, a.dimensions), L::values(b.y, b.dimensions)));
  EXPECT_TRUE(same_bits(own.gamma_gradient(), dgamma));
  EXPECT_TRUE(same_bits(own.beta_gradient(), dbeta));
  EXPECT_TRUE(same_bits(own.state().running_variance, other.state().running_variance));
  Values magnitude = dx;
  reference::for_each(dx.shape(), [&](Index o, Index c, Index i) { magnitude(o, c, i) = 2; });
  EXPECT_LE(worst_error<S>(L::values(b.dx, b.dimensions), dx, magnitude), 8);
}

/// Gradients of sum(dy * y) with respect to x, gamma and beta, by differences of forward.
TEST(Affine, HasTheGradientOfItsForward) {
  const Index rows = 6, channels = 2;
  Eigen::MatrixXd x = noise_matrix<double>(rows, channels, 71);
  const Eigen::MatrixXd dy = noise_matrix<double>(rows, channels, 72);
  Eigen::MatrixXd gamma = noise_matrix<double>(rows, channels, 73);
  Eigen::VectorXd beta = noise_matrix<double>(channels, 1, 74);
  BatchNorm<double, Train, NoAffine, batchnorm::SiLU> layer(some_state<double, NoAffine>(channels));
  layer.forward(x, affine(gamma, beta));
  const auto [dx, dgamma, dbeta] = layer.backward(x, affine(gamma, beta), dy);
  const auto expect_gradient = [&](auto& of, const auto& found) {
    const auto loss = [&] {
      auto other = layer;
      return other.forward(x, affine(gamma, beta)).cwiseProduct(dy).sum();
    };
    const double step = 1e-5;
    for (Index k = 0; k < of.size(); ++k) {
      const double value = of.data()[k];
      of.data()[k] = value + step;
      const double above = loss();
      of.data()[k] = value - step;
      const double below = loss();
      of.data()[k] = value;
      EXPECT_NEAR(found.data()[k], (above - below) / (2 * step), 1e-8) << k;
    }
  };
  expect_gradient(x, dx);
  expect_gradient(gamma, dgamma);
  expect_gradient(beta, dbeta);
}

class AffineRules : public ::testing::Test {
 protected:
  Eigen::MatrixXf x = noise_matrix<float>(6, 2, 81), dy = noise_matrix<float>(6, 2, 82), y;
  Eigen::MatrixXf gammas = noise_matrix<float>(6, 2, 83), dgammas;
  Eigen::VectorXf beta = Eigen::VectorXf::Ones(2), dbeta;
  BatchNorm<float, Train, NoAffine> layer{2};
};

TEST_F(AffineRules, RefuseOtherShapes) {
  Eigen::VectorXf three(3);
  expect_refused([&] { layer.forward(x, affine(three, beta), y); },
                 "expected gamma of shape (2), got (3); it has one value per channel");
  const Eigen::MatrixXf turned = gammas.transpose();
  expect_refused([&] { layer.forward(x, affine(gammas, turned), y); },
                 "expected beta of shape (6, 2), got (2, 6); it is (N, C), samples in rows");
  EXPECT_EQ(layer.batches(), 0);
  EXPECT_EQ(y.size(), 0);
}

TEST_F(AffineRules, BelongToBothPasses) {
  layer.forward(x, affine(gammas, beta), y);
  expect_refused([&] { (void)layer.backward(x, dy); }, "backward misses the affine(gamma, beta)");
  expect_refused([&] { (void)layer.gradient_sums(x, dy); }, "backward misses the affine");
  expect_refused([&] { (void)layer.second_backward(x, dy, dy); }, "a forward without affine");
  expect_refused([&] { (void)layer.backward(x, affine(beta, beta), dy); },
                 "backward got another gamma or beta");
  gammas(2, 1) += 1;
  expect_refused([&] { (void)layer.backward(x, affine(gammas, beta), dy); },
                 "backward got another gamma or beta");
  layer.forward(x, y);
  expect_refused([&] { (void)layer.backward(x, affine(gammas, beta), dy); },
                 "backward got the affine(gamma, beta) that its forward did not have");
}

TEST_F(AffineRules, RefuseOutputsThatOverlap) {
  expect_refused([&] { layer.forward(x, affine(gammas, beta), gammas); }, "y overlaps gamma");
  layer.forward(x, affine(gammas, beta), y);
  Eigen::MatrixXf dx;
  expect_refused([&] { layer.backward(x, affine(gammas, beta), dy, dx, gammas, dbeta); },
                 "dgamma overlaps gamma");
  expect_refused([&] { layer.backward(x, affine(gammas, beta), dy, dx, dgammas, beta); },
                 "dbeta overlaps beta");
  const Eigen::MatrixXf before = dy;
  expect_refused([&] { layer.backward(x, affine(gammas, beta), dy, dx, dy, dbeta); },
                 "dgamma overlaps an input");
  expect_refused([&] { layer.backward(x, affine(gammas, beta), dy, dx, x, dbeta); },
                 "dgamma overlaps an input");
  EXPECT_TRUE(same_bits(dy, before));
  Eigen::MatrixXf empty;
  expect_refused([&] { layer.backward(x, affine(gammas, beta), dy, empty, empty, dbeta); },
                 "outputs of backward overlap each other");
  layer.forward(x, affine(beta, beta), y);
  expect_refused([&] { layer.backward(x, affine(beta, beta), dy, dx, dbeta, dbeta); },
                 "outputs of backward overlap each other");
  layer.forward(x, affine(gammas, beta), y);
  dx.resize(6, 2);
  expect_refused([&] { layer.backward(x, affine(gammas, beta), dy, dx, dx, dbeta); },
                 "outputs of backward overlap each other");
  Eigen::Map<Eigen::VectorXf> small(dy.data(), 1);
  expect_refused([&] { layer.backward(x, affine(gammas, beta), dy, dx, dgammas, small); },
                 "expected dbeta of its parameter's shape");
}

TEST_F(AffineRules, AskForAnEpsilon) {
  BatchNorm<float, Train, NoAffine> without(2, {.epsilon = 0.0});
  expect_refused([&] { without.forward(x, affine(gammas, beta)); },
                 "expected an epsilon of at least");
}

TEST_F(AffineRules, TakeAnEmptyBatch) {
  const Eigen::MatrixXf none(0, 2), no_gammas(0, 2);
  EXPECT_EQ(layer.forward(none, affine(no_gammas, beta)).rows(), 0);
  const auto gradients = layer.backward(none, affine(no_gammas, beta), none);
  EXPECT_EQ(gradients.dgamma.rows(), 0);
  EXPECT_TRUE(gradients.dbeta.isZero(0));
}

TEST_F(AffineRules, AllowSeveralPassesInFlight) {
  BatchNorm<float, Train, NoAffine>::Saved a, b;
  const Eigen::MatrixXf other = noise_matrix<float>(9, 2, 84);
  BatchNorm<float, Train, NoAffine> alone = layer;
  alone.forward(x, affine(gammas, beta));
  const auto expected = alone.backward(x, affine(gammas, beta), dy);
  layer.forward(a, x, affine(gammas, beta));
  layer.forward(b, other, affine(beta, beta));
  const auto found = layer.backward(a, x, affine(gammas, beta), dy);
  EXPECT_TRUE(same_bits(found.dx, expected.dx));
  EXPECT_TRUE(same_bits(found.dgamma, expected.dgamma));
}

}  // namespace
