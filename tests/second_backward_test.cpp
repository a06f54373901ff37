#include <gtest/gtest.h>

#include <cmath>

#include "parts.hpp"

// The gradients of what backward gave, against differences of backward.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Frozen, batchnorm::NoAffine, batchnorm::Options,
    batchnorm::SecondGradients, batchnorm::State, batchnorm::Train;

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// A loss that depends on all that backward gives: sum(v dx) + p dgamma + q dbeta.
template <typename Layer>
struct Loss {
  Layer layer;
  Matrix x, dy, v;
  Vector p, q;

  explicit Loss(const Layer& of, Index rows)
      : layer(of),
        x(noise_matrix<double>(rows, of.channels(), 91)),
        dy(noise_matrix<double>(rows, of.channels(), 92)),
        v(noise_matrix<double>(rows, of.channels(), 93)),
        p(noise_matrix<double>(Layer::Set::Affine::has_gamma ? of.channels() : 0, 1, 94)),
        q(noise_matrix<double>(Layer::Set::Affine::has_beta ? of.channels() : 0, 1, 95)) {}

  double operator()() const {
    Layer copy = layer;
    copy.forward(x);
    double loss = copy.backward(x, dy).cwiseProduct(v).sum();
    if constexpr (Layer::Set::Affine::has_gamma) loss += p.dot(copy.gamma_gradient());
    if constexpr (Layer::Set::Affine::has_beta) loss += q.dot(copy.beta_gradient());
    return loss;
  }

  /// Whether `found` is the gradient with respect to `values`, to 1e-8 of the largest.
  template <typename Values, typename Found>
  void expect_gradient(Values&& values, const Found& found) {
    constexpr double step = 2e-4;
    const double largest = found.cwiseAbs().maxCoeff();
    for (Index k = 0; k < values.size(); ++k) {
      double& value = values.data()[k];
      const double before = value;
      const auto at = [&](double steps) {
        value = before + steps * step;
        return (*this)();
      };
      // Of the fourth order, so that a step may be long enough for its roundings.
      const double difference = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step);
      value = before;
      EXPECT_NEAR(found.data()[k], difference, 1e-8 * largest) << k;
    }
  }
};

template <typename Layer>
void expect_second_gradients(const Layer& layer, Index rows = 7) {
  Loss<Layer> loss(layer, rows);
  Layer once = layer;
  once.forward(loss.x);
  once.backward(loss.x, loss.dy);
  const auto found = once.second_backward(loss.x, loss.dy, loss.v, loss.p, loss.q);
  loss.expect_gradient(loss.x, found.x);
  loss.expect_gradient(loss.dy, found.dy);
  if constexpr (Layer::Set::Affine::has_gamma) {
    auto gamma = loss.layer.gamma();
    loss.expect_gradient(gamma, found.gamma);
  } else {
    EXPECT_EQ(found.gamma.size(), 0);
  }
}

const State<double> state = some_state<double>(3);

TEST(SecondBackward, IsTheGradientOfBackwardInTraining) {
  expect_second_gradients(BatchNorm<double>(state));
  expect_second_gradients(BatchNorm<double, Train, NoAffine>(some_state<double, NoAffine>(3)));
  expect_second_gradients(
      BatchNorm<double, Train, batchnorm::ScaleOnly>(some_state<double, batchnorm::ScaleOnly>(3)));
}

TEST(SecondBackward, IsTheGradientOfBackwardWithConstantStatistics) {
  expect_second_gradients(BatchNorm<double, Frozen>(state));
  expect_second_gradients(
      BatchNorm<double>(state, {.single_value = batchnorm::SingleValue::use_running}), 1);
}

/// Of a deviation and a mean that the limits do not reach, r and d are no constants: of those that
/// they do, they are.
TEST(SecondBackward, TakesRenormalizationAsConstant) {
  State<double> far = state;
  far.running_mean.array() += 10;
  far.running_variance.array() *= 100;
  expect_second_gradients(
      BatchNorm<double>(far, {.renormalization = {.r_max = 1.2, .d_max = 0.1}}));
}

/// What another layer had, whose pass was in the same Saved, is none of a layer without parameters.
TEST(SecondBackward, TakesNothingOfAnotherLayerOutOfASaved) {
  const Matrix x = noise_matrix<double>(7, 3, 11), dy = noise_matrix<double>(7, 3, 12),
               v = noise_matrix<double>(7, 3, 13);
  const Vector p = noise_matrix<double>(3, 1, 14), q = noise_matrix<double>(3, 1, 15), none;
  BatchNorm<double> with(state);
  BatchNorm<double, Train, NoAffine> without(some_state<double, NoAffine>(3));
  BatchNorm<double>::Saved used, fresh;
  with.forward(used, x);
  with.second_backward(used, x, dy, v, p, q);
  without.forward(used, x);
  without.forward(fresh, x);
  const auto found = without.second_backward(used, x, dy, v, none, none);
  EXPECT_TRUE(same_bits(found.x, without.second_backward(fresh, x, dy, v, none, none).x));
}

/// Every layout gives what the matrix of its values gives.
template <typename L>
class SecondLayouts : public ::testing::Test {};
using Of = LayoutsOf<double>;
using SecondTypes = ::testing::Types<Of::ColMajorMatrix, Of::ChannelsInRows, Of::NCHW, Of::NHWC>;
TYPED_TEST_SUITE(SecondLayouts, SecondTypes, LayoutName);

TYPED_TEST(SecondLayouts, GiveWhatTheMatrixOfTheirValuesGives) {
  using L = TypeParam;
  using Kind = typename L::Kind;
  using Plain = std::remove_cvref_t<decltype(std::declval<Kind&>().get())>;
  Part<L> part(40, 600);
  BatchNorm<double, Train, typename L::Axis> layer(some_state<double>(part_channels));
  BatchNorm<double> of_matrix(layer.state());
  const auto matrix = [&](Kind& kind) {
    const Values values = L::values(kind, part.dimensions);
    const reference::Shape& shape = values.shape();
    Matrix result(shape.count(), shape.channels);
    reference::for_each(shape, [&](Index o, Index c, Index i) {
      result(o * shape.inner + i, c) = values(o, c, i);
    });
    return result;
  };
  const Matrix x = matrix(part.x), dy = matrix(part.dy), v = matrix(part.r);
  of_matrix.forward(x);
  const auto expected = of_matrix.second_backward(x, dy, v);
  layer.forward(part.x.get());
  const SecondGradients<Plain, Vector> found =
      layer.second_backward(part.x.get(), part.dy.get(), part.r.get());
  const auto expect_same = [&](const Plain& got, const Matrix& of) {
    const Values values = read(got, part.dimensions, L::axis);
    reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
      EXPECT_NEAR(values(o, c, i), of(o * values.shape().inner + i, c), 1e-13);
    });
  };
  expect_same(found.x, expected.x);
  expect_same(found.dy, expected.dy);
  EXPECT_TRUE(found.gamma.isApprox(expected.gamma, 1e-12));
}

TEST(SecondBackwardOfFloat, IsThatOfDouble) {
  // Far from 0, where a rounded mean leaves something out.
  const Eigen::MatrixXf x = noise_matrix<float>(50, 3, 96).array() + 1000.0F,
                        dy = noise_matrix<float>(50, 3, 97), v = noise_matrix<float>(50, 3, 98);
  BatchNorm<float> layer(some_state<float>(3));
  State<double> wide;
  const State<float> narrow = layer.state();
  wide.gamma = narrow.gamma.cast<double>();
  wide.beta = narrow.beta.cast<double>();
  wide.running_mean = narrow.running_mean;
  wide.running_variance = narrow.running_variance;
  BatchNorm<double> exact(wide);
  const Matrix of_x = x.cast<double>(), of_dy = dy.cast<double>(), of_v = v.cast<double>();
  BatchNorm<float>::Saved saved;
  layer.forward(saved, x);
  exact.forward(of_x);
  SecondGradients<Eigen::MatrixXf, Eigen::VectorXf> found;
  layer.second_backward(saved, x, dy, v, found);
  const auto expected = exact.second_backward(of_x, of_dy, of_v);
  EXPECT_LE((found.x.cast<double>() - expected.x).cwiseAbs().maxCoeff(), 2e-6);
  EXPECT_LE((found.dy.cast<double>() - expected.dy).cwiseAbs().maxCoeff(), 2e-6);
  EXPECT_TRUE(found.gamma.cast<double>().isApprox(expected.gamma, 1e-5));
}

TEST(SecondBackwardRules, RefuseWhatDoesNotFit) {
  BatchNorm<double> layer(state);
  const Matrix x = noise_matrix<double>(6, 3, 99), other = noise_matrix<double>(5, 3, 99);
  expect_refused([&] { (void)layer.second_backward(x, x, x); }, "backward without a forward");
  layer.forward(x);
  expect_refused([&] { (void)layer.second_backward(x, x, other); }, "expected v of x's shape");
  const Vector two(2);
  expect_refused([&] { (void)layer.second_backward(x, x, x, two, two); },
                 "expected v_gamma of 3 values, one for each");
  const Vector w = Vector::LinSpaced(6, 0, 5);
  layer.forward(x, batchnorm::sample_weights(w));
  expect_refused([&] { (void)layer.second_backward(x, x, x); },
                 "expected a forward without sample weights");
}

}  // namespace
