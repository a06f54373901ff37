#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "parts.hpp"

// Samples that weigh differently in the statistics: a weight is how many times a value counts.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::GradientSums, batchnorm::Moments, batchnorm::Options,
    batchnorm::ReLU, batchnorm::RunningVariance, batchnorm::State, batchnorm::Train;
using batchnorm::residual, batchnorm::sample_weights;

constexpr Options biased{.running_variance = RunningVariance::biased};

/// Weights of x's shape without the channel axis, as a user has them.
template <typename L>
auto weights_object(const typename L::Dims& dimensions, const Values& weights) {
  using Scalar = typename OfLayout<L>::Scalar;
  constexpr int order = OfLayout<L>::order;
  std::array<Index, L::rank - 1> extents;
  const auto without_channels = [&](const auto& index) {
    std::array<Index, L::rank - 1> result;
    for (std::size_t k = 0, to = 0; k < L::rank; ++k)
      if (static_cast<Index>(k) != L::axis) result[to++] = static_cast<Index>(index[k]);
    return result;
  };
  extents = without_channels(dimensions);
  const auto fill = [&](auto&& at) {
    reference::for_each(weights.shape(), [&](Index o, Index, Index i) {
      at(without_channels(reference::index_of(dimensions, L::axis, o, 0, i))) =
          static_cast<Scalar>(weights(o, 0, i));
    });
  };
  if constexpr (L::rank == 2) {
    Eigen::Vector<Scalar, Eigen::Dynamic> result(extents[0]);
    fill([&](const auto& index) -> Scalar& { return result(index[0]); });
    return result;
  } else if constexpr (L::rank == 3) {
    Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, order> result(extents[0], extents[1]);
    fill([&](const auto& index) -> Scalar& { return result(index[0], index[1]); });
    return result;
  } else {
    Eigen::Tensor<Scalar, 3, order> result(extents[0], extents[1], extents[2]);
    fill([&](const auto& index) -> Scalar& { return result(index[0], index[1], index[2]); });
    return result;
  }
}

/// Weights of which some are 0, the first too; `whole` numbers or shares of them.
Values some_weights(const reference::Shape& shape, bool whole) {
  Values result({shape.outer, 1, shape.inner});
  reference::for_each(result.shape(), [&](Index o, Index, Index i) {
    const double weight = std::floor(2.0 + 2.0 * noise(900, o, 0, i));
    result(o, 0, i) = o + i == 0 ? 0.0 : whole ? weight : weight * 0.375;
  });
  result(shape.outer - 1, 0, shape.inner - 1) = 2.0;
  return result;
}

double total(const Values& weights) {
  double sum = 0;
  reference::for_each(weights.shape(), [&](Index o, Index, Index i) { sum += weights(o, 0, i); });
  return sum;
}

/// Mean and variance, with divisor W, of what weighs something.
reference::Statistics weighted_statistics(const Values& x, const Values& weights) {
  reference::Statistics result;
  for (Index c = 0; c < x.shape().channels; ++c) {
    const auto average = [&](const auto& term) {
      long double sum = 0;
      reference::for_each(weights.shape(), [&](Index o, Index, Index i) {
        if (weights(o, 0, i) > 0) sum += weights(o, 0, i) * term(x(o, c, i));
      });
      return sum / static_cast<long double>(total(weights));
    };
    const long double mean = average([](long double value) { return value; });
    result.mean.push_back(static_cast<double>(mean));
    result.variance.push_back(static_cast<double>(
        average([mean](long double value) { return (value - mean) * (value - mean); })));
  }
  return result;
}

/// A step of the reference: the statistics are given to a layer that keeps them, and what goes
/// through them is taken from dx, as much as each position weighs.
struct Expected {
  Values y, y_magnitude;
  reference::Gradients gradients;
  reference::State after;
};

Expected expected_step(const reference::State& state, const Values& x, const Values& r,
                       const Values& dy, const Values& weights, bool unbiased) {
  reference::Settings settings;
  settings.relu = true;
  settings.mode = reference::Mode::frozen;
  const reference::Statistics of = weighted_statistics(x, weights);
  reference::State with = state;
  with.running_mean = of.mean;
  with.running_variance = of.variance;
  Expected result{reference::forward(settings, with, x, &r),
                  reference::forward_magnitude(settings, with, x, &r),
                  reference::backward(settings, with, x, &r, dy), state};
  const Values x_hat = reference::normalized(settings, with, x);
  const double all = total(weights);
  auto& gradients = result.gradients;
  reference::for_each(x.shape(), [&](Index o, Index c, Index i) {
    const auto at = static_cast<std::size_t>(c);
    const double scale = state.gamma[at] * reference::inverse_deviation(of.variance[at], 1e-5);
    const double share = weights(o, 0, i) / all;
    gradients.dx(o, c, i) -=
        scale * share * (gradients.dbeta[at] + x_hat(o, c, i) * gradients.dgamma[at]);
    const double through = share * (gradients.dbeta_magnitude[at] +
                                    std::abs(x_hat(o, c, i)) * gradients.dgamma_magnitude[at]);
    gradients.dx_magnitude(o, c, i) =
        std::max(gradients.dx_magnitude(o, c, i), std::abs(scale) * through);
  });
  ++result.after.batches;
  for (std::size_t c = 0; c < of.mean.size(); ++c) {
    const double variance = of.variance[c] * all / (unbiased ? all - 1 : all);
    result.after.running_mean[c] = 0.9 * state.running_mean[c] + 0.1 * of.mean[c];
    result.after.running_variance[c] = 0.9 * state.running_variance[c] + 0.1 * variance;
  }
  return result;
}

template <typename L>
class SampleWeights : public ::testing::Test {
 protected:
  using Scalar = typename OfLayout<L>::Scalar;
  using Layer = BatchNorm<Scalar, Train, ReLU, typename L::Axis>;

  static Layer some_layer(const Options& options = {}) {
    return Layer(some_state<Scalar>(part_channels), options);
  }
};

using Of = LayoutsOf<float>;
using WeightedLayouts =
    ::testing::Types<Of::RowMajorMatrix, Of::ColMajorMatrix, Of::Slice, Of::ChannelsInRows,
                     Of::NCHW, Of::NHWC, Of::ColMajorSequences, LayoutsOf<double>::RowMajorMatrix,
                     LayoutsOf<double>::NCHW>;
TYPED_TEST_SUITE(SampleWeights, WeightedLayouts, LayoutName);

TYPED_TEST(SampleWeights, AreWhatTheReferenceTakes) {
  using L = TypeParam;
  for (const Index samples : {2, 9, 70, 7000}) {
    for (const bool whole : {true, false}) {
      SCOPED_TRACE(samples);
      auto layer = TestFixture::some_layer(whole ? Options{} : biased);
      Part<L> part(samples, 600);
      const Values weights = some_weights(L::shape(part.dimensions), whole);
      const auto w = weights_object<L>(part.dimensions, weights);
      const auto values = [&](auto which) { return L::values(part.*which, part.dimensions); };
      const Expected expected =
          expected_step(to_reference(layer.state()), values(&Part<L>::x), values(&Part<L>::r),
                        values(&Part<L>::dy), weights, whole);
      layer.forward(part.x.get(), sample_weights(w), residual(part.r.get()), part.y.get());
      layer.backward(part.x.get(), residual(part.r.get()), sample_weights(w), part.dy.get(),
                     part.dx.get(), part.dr.get());

      using S = typename TestFixture::Scalar;
      const reference::Gradients& gradients = expected.gradients;
      EXPECT_LE(worst_error<S>(values(&Part<L>::y), expected.y, expected.y_magnitude),
                forward_roundoffs<S>);
      EXPECT_LE(worst_error<S>(values(&Part<L>::dx), gradients.dx, gradients.dx_magnitude),
                backward_roundoffs<S>);
      EXPECT_TRUE(same_bits(values(&Part<L>::dr), gradients.dresidual));
      EXPECT_LE(
          worst_error<S>(layer.gamma_gradient(), gradients.dgamma, gradients.dgamma_magnitude),
          backward_roundoffs<S>);
      EXPECT_LE(worst_error<S>(layer.beta_gradient(), gradients.dbeta, gradients.dbeta_magnitude),
                backward_roundoffs<S>);
      expect_running<S>(layer, expected.after);
    }
  }
}

TYPED_TEST(SampleWeights, OfOneGiveTheBitsOfNone) {
  using L = TypeParam;
  auto plain = TestFixture::some_layer(), weighted = plain;
  Part<L> a(40, 600), b(40, 600);
  Values ones({L::shape(a.dimensions).outer, 1, L::shape(a.dimensions).inner});
  reference::for_each(ones.shape(), [&](Index o, Index, Index i) { ones(o, 0, i) = 1; });
  const auto w = weights_object<L>(a.dimensions, ones);
  plain.forward(a.x.get(), a.y.get());
  plain.backward(a.x.get(), a.dy.get(), a.dx.get());
  weighted.forward(b.x.get(), sample_weights(w), b.y.get());
  weighted.backward(b.x.get(), sample_weights(w), b.dy.get(), b.dx.get());
  EXPECT_TRUE(same_bits(L::values(a.y, a.dimensions), L::values(b.y, b.dimensions)));
  EXPECT_TRUE(same_bits(L::values(a.dx, a.dimensions), L::values(b.dx, b.dimensions)));
  EXPECT_TRUE(same_bits(plain.gamma_gradient(), weighted.gamma_gradient()));
  EXPECT_TRUE(same_bits(plain.state(), weighted.state()));
}

TYPED_TEST(SampleWeights, OfSamplesAreThoseOfAllTheirPositions) {
  using L = TypeParam;
  using S = typename TestFixture::Scalar;
  auto by_position = TestFixture::some_layer(), by_sample = by_position;
  Part<L> a(7, 600), b(7, 600);
  const Index samples = static_cast<Index>(a.dimensions[L::axis == 0 ? 1 : 0]);
  Eigen::Vector<S, Eigen::Dynamic> of_samples(samples);
  for (Index n = 0; n < samples; ++n) of_samples(n) = static_cast<S>((n * 5 + 3) % 4);
  Values weights({L::shape(a.dimensions).outer, 1, L::shape(a.dimensions).inner});
  reference::for_each(weights.shape(), [&](Index o, Index, Index i) {
    const auto index = reference::index_of(a.dimensions, L::axis, o, 0, i);
    const auto sample = static_cast<Index>(index[L::axis == 0 ? 1 : 0]);
    weights(o, 0, i) = static_cast<double>(of_samples(sample));
  });
  const auto w = weights_object<L>(a.dimensions, weights);
  by_position.forward(a.x.get(), sample_weights(w), a.y.get());
  by_position.backward(a.x.get(), sample_weights(w), a.dy.get(), a.dx.get());
  by_sample.forward(b.x.get(), sample_weights(of_samples), b.y.get());
  by_sample.backward(b.x.get(), sample_weights(of_samples), b.dy.get(), b.dx.get());
  const Values dx = L::values(a.dx, a.dimensions);
  EXPECT_LE(worst_error<S>(L::values(b.dx, b.dimensions), dx, dx), 8);
  EXPECT_LE(worst_error<S>(by_sample.running_variance(), to_doubles(by_position.running_variance()),
                           to_doubles(by_position.running_variance())),
            1e-6);
}

TYPED_TEST(SampleWeights, OfNothingHideWhateverIsThere) {
  using L = TypeParam;
  using S = typename TestFixture::Scalar;
  auto clean = TestFixture::some_layer(), spoilt = clean;
  Part<L> a(30, 600), b(30, 600);
  const Values weights = some_weights(L::shape(a.dimensions), true);
  const auto w = weights_object<L>(a.dimensions, weights);
  Values x = L::values(b.x, b.dimensions), dy = L::values(b.dy, b.dimensions);
  reference::for_each(x.shape(), [&](Index o, Index c, Index i) {
    if (weights(o, 0, i) > 0) return;
    x(o, c, i) = std::numeric_limits<double>::quiet_NaN();
    dy(o, c, i) = 0;
  });
  write(b.x.get(), b.dimensions, L::axis, x);
  write(b.dy.get(), b.dimensions, L::axis, dy);
  write(a.dy.get(), a.dimensions, L::axis, dy);
  clean.forward(a.x.get(), sample_weights(w), a.y.get());
  clean.backward(a.x.get(), sample_weights(w), a.dy.get(), a.dx.get());
  spoilt.forward(b.x.get(), sample_weights(w), b.y.get());
  spoilt.backward(b.x.get(), sample_weights(w), b.dy.get(), b.dx.get());
  EXPECT_TRUE(same_bits(clean.state(), spoilt.state()));
  EXPECT_TRUE(same_bits(clean.gamma_gradient(), spoilt.gamma_gradient()));
  EXPECT_TRUE(same_bits(clean.beta_gradient(), spoilt.beta_gradient()));
  const Values of_clean = L::values(a.dx, a.dimensions), found = L::values(b.dx, b.dimensions);
  reference::for_each(x.shape(), [&](Index o, Index c, Index i) {
    if (weights(o, 0, i) > 0) {
      EXPECT_EQ(found(o, c, i), of_clean(o, c, i));
    } else {
      EXPECT_EQ(found(o, c, i), S(0));
    }
  });
}

TYPED_TEST(SampleWeights, OfPartsAreThoseOfTheJoinedBatch) {
  using L = TypeParam;
  using S = typename TestFixture::Scalar;
  auto layer = TestFixture::some_layer(biased);
  const reference::State before = to_reference(layer.state());
  auto parts = some_parts<L>();
  std::vector<typename TestFixture::Layer::Saved> saved(parts.size());
  std::vector<Values> weights;
  Moments moments;
  GradientSums sums;
  Index count = 0;
  for (auto& part : parts) {
    const reference::Shape shape = L::shape(part.dimensions);
    weights.push_back(shape.count() == 0 ? Values({shape.outer, 1, shape.inner})
                                         : some_weights(shape, false));
    count += shape.count();
    moments.merge(layer.moments(
        part.x.get(), sample_weights(weights_object<L>(part.dimensions, weights.back()))));
  }
  Values all_weights({count, 1, 1});
  Index at = 0;
  for (const Values& of_part : weights)
    reference::for_each(of_part.shape(), [&](Index o, Index, Index i) {
      all_weights(at++, 0, 0) = of_part(o, 0, i);
    });
  for (std::size_t k = 0; k < parts.size(); ++k)
    layer.forward(saved[k], parts[k].x.get(), moments, residual(parts[k].r.get()),
                  parts[k].y.get());
  layer.observe(moments);
  for (std::size_t k = 0; k < parts.size(); ++k)
    sums.merge(layer.gradient_sums(
        saved[k], parts[k].x.get(), residual(parts[k].r.get()), parts[k].dy.get(),
        sample_weights(weights_object<L>(parts[k].dimensions, weights[k]))));
  EXPECT_NEAR(sums.count, moments.count, 1e-12 * moments.count);
  for (std::size_t k = 0; k < parts.size(); ++k)
    layer.backward(saved[k], parts[k].x.get(),
                   sample_weights(weights_object<L>(parts[k].dimensions, weights[k])),
                   residual(parts[k].r.get()), parts[k].dy.get(), sums, parts[k].dx.get(),
                   parts[k].dr.get());
  layer.learn(saved[0], sums);

  const Expected expected =
      expected_step(before, joined(parts, &Part<L>::x), joined(parts, &Part<L>::r),
                    joined(parts, &Part<L>::dy), all_weights, false);
  const reference::Gradients& gradients = expected.gradients;
  EXPECT_LE(worst_error<S>(joined(parts, &Part<L>::y), expected.y, expected.y_magnitude),
            forward_roundoffs<S>);
  EXPECT_LE(worst_error<S>(joined(parts, &Part<L>::dx), gradients.dx, gradients.dx_magnitude),
            backward_roundoffs<S>);
  EXPECT_LE(worst_error<S>(layer.gamma_gradient(), gradients.dgamma, gradients.dgamma_magnitude),
            backward_roundoffs<S>);
  expect_running<S>(layer, expected.after);
}

TEST(SampleWeights, CountValuesByTheirShare) {
  const Eigen::MatrixXf x = Eigen::Vector2f(0, 1);
  const Eigen::Vector2f thirds(1, 2);
  const Moments moments = BatchNorm<float>(1).moments(x, sample_weights(thirds));
  EXPECT_EQ(moments.count, 3);
  EXPECT_DOUBLE_EQ(moments.mean(0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(moments.variance()(0), 2.0 / 9);
}

/// Mean and variance of values far from 0, of which those that weigh nothing are elsewhere.
TEST(SampleWeights, KeepTheDigitsOfFarValues) {
  const Index rows = 20000;
  Eigen::MatrixXd x(rows, 2);
  Eigen::VectorXd w(rows);
  for (Index row = 0; row < rows; ++row) {
    w(row) = static_cast<double>(row % 3);
    x.row(row).setConstant(row % 3 == 0 ? 7.0 : 1e9 + (row % 2 == 0 ? 0.5 : -0.5));
  }
  const Moments moments = BatchNorm<double>(2).moments(x, sample_weights(w));
  double total = 0, sum = 0;
  for (Index row = 0; row < rows; ++row) {
    total += w(row);
    sum += w(row) * (row % 2 == 0 ? 0.5 : -0.5);
  }
  const double variance = 0.25 - (sum / total) * (sum / total);
  EXPECT_NEAR(moments.variance()(1), variance, 1e-13 * variance);
  EXPECT_NEAR(moments.mean(1) - 1e9 + moments.mean_low(1), sum / total, 1e-15);
}

/// An origin among the values may be far from all others, and squares may leave the range of float.
TEST(SampleWeights, KeepTheDigitsOfFloatWhereverItsOriginIs) {
  const Index rows = 3000, channels = 19;
  const Eigen::VectorXf w =
      Eigen::VectorXf::NullaryExpr(rows, [](Index row) { return static_cast<float>(row % 3); });
  for (const auto& [first, size] : {std::pair{0.0, 1.0}, std::pair{1e5, 1.0}, std::pair{0.0, 1e25},
                                    std::pair{3e4, 1e-20}, std::pair{1e-18, 1e-20}}) {
    SCOPED_TRACE(std::to_string(first) + ", " + std::to_string(size));
    Eigen::MatrixXf x(rows, channels);
    for (Index row = 0; row < rows; ++row)
      for (Index c = 0; c < channels; ++c)
        x(row, c) = static_cast<float>(size * (noise(60, row, c, 0) + 3.0));
    x.row(1).setConstant(static_cast<float>(first));
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> in_rows = x;
    BatchNorm<float> layer(channels);
    for (const Moments& moments :
         {layer.moments(x, sample_weights(w)), layer.moments(in_rows, sample_weights(w))}) {
      for (Index c = 0; c < channels; ++c) {
        long double sum = 0, squares = 0, total = 0;
        for (Index row = 0; row < rows; ++row) total += w(row), sum += w(row) * x(row, c);
        const long double mean = sum / total;
        for (Index row = 0; row < rows; ++row) {
          const long double deviation = x(row, c) - mean;
          squares += w(row) * deviation * deviation;
        }
        const auto deviation = static_cast<double>(std::sqrt(squares / total));
        EXPECT_NEAR(moments.mean(c), static_cast<double>(mean), 2e-8 * deviation) << c;
        EXPECT_NEAR(std::sqrt(moments.variance()(c)), deviation, 5e-8 * deviation) << c;
      }
    }
  }
}

/// Behind a smooth activation, whose derivative of a NaN is a NaN.
TEST(SampleWeights, OfNothingHideWhateverIsThereBehindSiLU) {
  Eigen::MatrixXf x = noise_matrix<float>(40, 20, 75), dy = noise_matrix<float>(40, 20, 76);
  Eigen::VectorXf w = Eigen::VectorXf::Ones(40);
  w.tail(3).setZero();
  dy.bottomRows(3).setZero();
  BatchNorm<float, Train, batchnorm::SiLU> clean(some_state<float>(20)), spoilt = clean;
  clean.forward(x, sample_weights(w));
  const Eigen::MatrixXf expected = clean.backward(x, sample_weights(w), dy);
  x.bottomRows(3).setConstant(std::numeric_limits<float>::quiet_NaN());
  spoilt.forward(x, sample_weights(w));
  const Eigen::MatrixXf dx = spoilt.backward(x, sample_weights(w), dy);
  EXPECT_TRUE(same_bits(dx.topRows(37).eval(), expected.topRows(37).eval()));
  EXPECT_TRUE(dx.bottomRows(3).isZero(0));
  EXPECT_TRUE(same_bits(spoilt.gamma_gradient(), clean.gamma_gradient()));
}

/// A weight that is a count is as many equal rows, also where a scale leaves the range of float.
TEST(SampleWeights, AreAsManyEqualRows) {
  for (const double size : {1.0, 1e-41}) {
    SCOPED_TRACE(size);
    const Eigen::MatrixXf x = (noise_matrix<double>(9, 3, 77) * size).cast<float>();
    // Small enough for dx to be a float.
    const Eigen::MatrixXf dy = noise_matrix<float>(9, 3, 78) * (size < 1 ? 1e-10F : 1.0F);
    Eigen::VectorXf w(9);
    w << 1, 2, 1, 3, 1, 1, 2, 1, 4;
    Eigen::MatrixXf rows(16, 3), of_first = Eigen::MatrixXf::Zero(16, 3);
    for (Index row = 0, to = 0; row < 9; ++row) {
      of_first.row(to) = dy.row(row);
      for (int copy = 0; copy < static_cast<int>(w(row)); ++copy) rows.row(to++) = x.row(row);
    }
    const Options exact{.epsilon = size < 1 ? 0.0 : 1e-5};
    BatchNorm<float> weighted(some_state<float>(3), exact), repeated = weighted;
    const Eigen::MatrixXf y = weighted.forward(x, sample_weights(w));
    const Eigen::MatrixXf expected = repeated.forward(rows);
    const Eigen::MatrixXf dx = weighted.backward(x, sample_weights(w), dy);
    const Eigen::MatrixXf of_rows = repeated.backward(rows, of_first);
    for (Index row = 0, from = 0; row < 9; from += static_cast<Index>(w(row)), ++row) {
      EXPECT_TRUE(y.row(row).isApprox(expected.row(from), 1e-5F)) << row;
      const Eigen::RowVectorXd sum =
          of_rows.middleRows(from, static_cast<Index>(w(row))).cast<double>().colwise().sum();
      EXPECT_TRUE(dx.row(row).cast<double>().isApprox(sum, 1e-4)) << row;
    }
    EXPECT_TRUE(weighted.running_variance().isApprox(repeated.running_variance(), 1e-12));
  }
}

/// The gradient of sum(dy * y) with respect to a value of every weight, by differences of forward.
TEST(SampleWeights, HaveTheGradientOfTheirForward) {
  const Index rows = 9, channels = 2;
  Eigen::MatrixXd x = noise_matrix<double>(rows, channels, 71);
  const Eigen::MatrixXd dy = noise_matrix<double>(rows, channels, 72);
  Eigen::VectorXd w(rows);
  w << 0, 1, 0.25, 3, 0, 1, 2, 0.5, 1;
  BatchNorm<double, Train, batchnorm::SiLU> layer(some_state<double>(channels), biased);
  layer.forward(x, sample_weights(w));
  const Eigen::MatrixXd dx = layer.backward(x, sample_weights(w), dy);
  const auto loss = [&] {
    auto other = layer;
    return other.forward(x, sample_weights(w)).cwiseProduct(dy).sum();
  };
  const double step = 1e-5;
  for (Index k = 0; k < x.size(); ++k) {
    const double value = x.data()[k];
    x.data()[k] = value + step;
    const double above = loss();
    x.data()[k] = value - step;
    const double below = loss();
    x.data()[k] = value;
    EXPECT_NEAR(dx.data()[k], (above - below) / (2 * step), 1e-8) << k;
  }
}

class SampleWeightRules : public ::testing::Test {
 protected:
  Eigen::MatrixXf x = noise_matrix<float>(6, 2, 81), dy = noise_matrix<float>(6, 2, 82), y;
  Eigen::VectorXf w = Eigen::VectorXf::Ones(6);
  BatchNorm<float> layer{some_state<float>(2)};
  State<float> before = layer.state();

  void expect_forward_refused(const std::string& part) {
    expect_refused([&] { layer.forward(x, sample_weights(w), y); }, part);
    EXPECT_EQ(y.size(), 0);
    EXPECT_TRUE(same_bits(layer.state(), before));
  }
};

TEST_F(SampleWeightRules, RefuseWhatIsNoWeight) {
  for (const float bad : {-1.0F, -1e-30F, std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    w(4) = bad;
    expect_forward_refused("expected sample weights of at least 0, got");
    expect_refused([&] { (void)layer.moments(x, sample_weights(w)); }, "at position 4");
  }
}

TEST_F(SampleWeightRules, RefuseOtherShapes) {
  w = Eigen::VectorXf::Ones(5);
  expect_forward_refused(
      "expected sample weights of shape (6) for x of shape (6, 2), one per position");
  Eigen::Tensor<float, 3, Eigen::RowMajor> sequences(3, 4, 2);
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> mask(4, 3), wide(3, 9);
  sequences.setRandom();
  mask.setOnes();
  wide.setOnes();
  BatchNorm<float, Train, batchnorm::ChannelsLast> last(2);
  expect_refused([&] { last.forward(sequences, sample_weights(mask)); },
                 "expected sample weights of shape (3, 4) for x");
  const auto part = wide.leftCols(4);
  expect_refused([&] { last.forward(sequences, sample_weights(part)); },
                 "follow each other without a gap");
}

TEST_F(SampleWeightRules, AskForTheDivisorWWhereWeightsAreNoCounts) {
  w(0) = 0.5F;
  w(1) = 1.5F;
  expect_forward_refused("set options.running_variance = RunningVariance::biased");
  Moments shares = layer.moments(x, sample_weights(w));
  shares.count = 5.5;
  expect_refused([&] { layer.observe(shares); },
                 "observe: expected sample weights that are counts");
  BatchNorm<float, Train, batchnorm::NoRunningStatistics> without(2);
  EXPECT_NO_THROW(without.forward(x, sample_weights(w)));
}

TEST_F(SampleWeightRules, TakeTheRunningStatisticsWhereNothingWeighs) {
  w.setZero();
  x.row(2).setConstant(std::numeric_limits<float>::quiet_NaN());
  dy.row(2).setZero();
  layer.forward(x, sample_weights(w), y);
  const Eigen::MatrixXf expected = BatchNorm<float, batchnorm::Eval>(layer).forward(x);
  EXPECT_TRUE(same_bits(y.topRows(2).eval(), expected.topRows(2).eval()));
  EXPECT_TRUE(same_bits(layer.state(), before));
  const Eigen::MatrixXf dx = layer.backward(x, sample_weights(w), dy);
  EXPECT_TRUE(dx.row(2).isZero(0));
  EXPECT_TRUE(
      dx.row(1).isApprox(BatchNorm<float, batchnorm::Eval>(layer).backward(x, dy).row(1), 1e-6F));
  BatchNorm<float, Train, batchnorm::NoRunningStatistics> without(2);
  expect_refused([&] { without.forward(x, sample_weights(w)); }, "of which some are not 0");
}

TEST_F(SampleWeightRules, TreatOneThatIsNotZeroAsASingleValue) {
  w.setZero();
  w(3) = 4;
  expect_forward_refused("expected sample weights of which more than 1 is not 0");
  BatchNorm<float> lenient(before, {.single_value = batchnorm::SingleValue::use_running});
  lenient.forward(x, sample_weights(w), y);
  EXPECT_TRUE(same_bits(lenient.state(), before));
}

TEST_F(SampleWeightRules, BelongToBothPasses) {
  w(1) = 3;
  layer.forward(x, sample_weights(w), y);
  expect_refused([&] { (void)layer.backward(x, dy); }, "backward misses the sample weights");
  Eigen::VectorXf other = w;
  other(2) = 0;
  expect_refused([&] { (void)layer.backward(x, sample_weights(other), dy); },
                 "expected the sample weights of its forward, 8 together, got such that are 7");
  std::swap(w(1), w(2));
  expect_refused([&] { (void)layer.backward(x, sample_weights(w), dy); },
                 "backward got other sample weights than the call before it");
  layer.forward(x, y);
  expect_refused([&] { (void)layer.backward(x, sample_weights(w), dy); },
                 "backward got sample weights that its forward did not have");
}

TEST_F(SampleWeightRules, RefuseToBeWrittenOver) {
  Eigen::MatrixXf memory = Eigen::MatrixXf::Ones(6, 2);
  const Eigen::Map<const Eigen::VectorXf> inside(memory.data() + 2, 6);
  expect_refused([&] { layer.forward(x, sample_weights(inside), memory); },
                 "y overlaps the sample weights");
  memory(3) = 2;
  expect_refused([&] { layer.forward(x, sample_weights(inside), memory); },
                 "y overlaps the sample weights");
}

TEST_F(SampleWeightRules, HoldWhereAPassIsComputedAgain) {
  w << 1, 1, 1, 1, 2, 0;
  layer.forward(x, sample_weights(w), y);
  const Eigen::MatrixXf dx = layer.backward(x, sample_weights(w), dy);
  const Moments moments = layer.saved().moments();
  layer.forward(x, moments, y);
  expect_refused([&] { (void)layer.backward(x, dy); }, "backward misses the sample weights");
  expect_refused([&] { (void)layer.gradient_sums(x, dy); }, "backward misses the sample weights");
  EXPECT_TRUE(same_bits(layer.backward(x, sample_weights(w), dy), dx));
}

/// Of moments that were given, the sums know the weights of their pass.
TEST_F(SampleWeightRules, BelongToSumsToo) {
  w << 1, 0, 2, 1, 1, 1;
  const Moments moments = layer.moments(x, sample_weights(w));
  BatchNorm<float>::Saved saved;
  layer.forward(saved, x, moments);
  const GradientSums sums = layer.gradient_sums(saved, x, sample_weights(w), dy);
  expect_refused([&] { (void)layer.backward(saved, x, dy, sums); },
                 "misses the sample weights that its gradient sums had");
  std::swap(w(0), w(1));
  expect_refused([&] { (void)layer.backward(saved, x, sample_weights(w), dy, sums); },
                 "other sample weights than the call before it");
}

/// Moments of another x are not those of this pass, though the `Saved` has them from one before.
TEST_F(SampleWeightRules, DoNotMatterToMomentsOfAnotherX) {
  BatchNorm<float>::Saved saved;
  layer.forward(saved, x);
  const Eigen::MatrixXf other = noise_matrix<float>(6, 2, 89);
  layer.forward(saved, other, saved.moments());
  expect_refused([&] { (void)layer.backward(saved, other, dy); },
                 "backward of a forward that was given moments");
}

/// Normalised importance weights are not a single value, though their sum is 1.
TEST_F(SampleWeightRules, TakeSharesOfOneInPhasesToo) {
  BatchNorm<float> plain(before, biased), phased = plain;
  w = Eigen::VectorXf::Constant(6, 0.125F);
  w(0) = 0.375F;
  const Eigen::MatrixXf expected = plain.forward(x, sample_weights(w));
  const Moments moments = phased.moments(x, sample_weights(w));
  EXPECT_EQ(moments.count, 1);
  EXPECT_TRUE(same_bits(phased.forward(x, moments), expected));
  phased.observe(moments);
  EXPECT_TRUE(same_bits(phased.state(), plain.state()));
}

TEST_F(SampleWeightRules, AreThoseOfAnyContainer) {
  BatchNorm<double> norm(some_state<double>(2), biased);
  const Eigen::MatrixXd values = noise_matrix<double>(200, 2, 85);
  const Eigen::VectorXd vector = noise_matrix<double>(300, 1, 86).cwiseAbs();
  Eigen::MatrixXd rows(3, 200);
  rows.row(1) = vector.head(200).transpose();
  const auto head = vector.head(200);
  const auto row = rows.row(1);
  norm.forward(values, sample_weights(head));
  const Eigen::MatrixXd dx = norm.backward(values, sample_weights(row), values);
  EXPECT_TRUE(dx.isApprox(norm.backward(values, sample_weights(head), values), 1e-12));
}

/// Windows of one signal, which overlap: neither rows nor planes of an ordinary memory.
TEST_F(SampleWeightRules, HoldForSlidingWindows) {
  const Index rows = 20000, channels = 600;
  const Eigen::VectorXf signal = noise_matrix<float>(rows + channels, 1, 87);
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::Map<const Eigen::MatrixXf, 0, Stride> windows(signal.data(), rows, channels,
                                                             Stride(1, 1));
  Eigen::VectorXf first = Eigen::VectorXf::Zero(rows);
  first.head(rows / 2).setOnes();
  BatchNorm<float> norm(channels, {.momentum = batchnorm::new_weight(1)});
  norm.forward(windows, sample_weights(first));
  for (const Index c : {Index{0}, Index{1}, channels - 1}) {
    const Eigen::VectorXd values = signal.segment(c, rows / 2).cast<double>();
    EXPECT_NEAR(norm.running_mean()(c), values.mean(), 1e-7);
    const double variance = (values.array() - values.mean()).square().sum() / (rows / 2 - 1);
    EXPECT_NEAR(norm.running_variance()(c), variance, 1e-6 * variance);
  }
}

TEST_F(SampleWeightRules, RefuseSumsThatLeaveTheRangeOfDouble) {
  BatchNorm<double> norm(2, biased);
  const Eigen::MatrixXd values = noise_matrix<double>(4, 2, 88);
  for (const double weight : {1e308, 1e-320}) {
    const Eigen::VectorXd all = Eigen::VectorXd::Constant(4, weight);
    expect_refused([&] { norm.forward(values, sample_weights(all)); }, "with a sum of at least");
  }
}

TEST_F(SampleWeightRules, LetAPartThatWeighsNothingHaveGradients) {
  Eigen::VectorXf none = Eigen::VectorXf::Zero(6);
  w(0) = 2;
  BatchNorm<float>::Saved a, b;
  Moments moments = layer.moments(x, sample_weights(none));
  EXPECT_EQ(moments.count, 0);
  moments.merge(layer.moments(y = noise_matrix<float>(6, 2, 83), sample_weights(w)));
  const Eigen::MatrixXf other = y;
  layer.forward(a, x, moments);
  layer.forward(b, other, moments);
  GradientSums sums = layer.gradient_sums(a, x, sample_weights(none), dy);
  const Eigen::ArrayXd of_first = sums.sum;
  EXPECT_EQ(sums.count, 0);
  GradientSums nothing{0, Eigen::ArrayXd::Zero(2), Eigen::ArrayXd::Zero(2)};
  nothing.merge(GradientSums{});
  EXPECT_EQ(nothing.sum.size(), 2);
  sums.merge(layer.gradient_sums(b, other, sample_weights(w), dy));
  EXPECT_EQ(sums.count, 7);
  EXPECT_TRUE(sums.sum.isApprox(2.0 * of_first));
  layer.learn(a, sums);
  EXPECT_FLOAT_EQ(layer.beta_gradient()(0), 2 * dy.col(0).sum());
}

}  // namespace
