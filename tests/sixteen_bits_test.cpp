#include <gtest/gtest.h>

#include <batchnorm/fold.hpp>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <vector>

#include "layouts.hpp"
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

// Values of 16 bits: a layer of theirs gives what a layer of float gives for the same values,
// rounded once, and has the same parameters, gradients and statistics.

namespace {

using namespace fixtures;
using batchnorm::affine, batchnorm::residual, batchnorm::sample_weights;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Moments,
    batchnorm::NoAffine, batchnorm::Options, batchnorm::ReLU, batchnorm::State, batchnorm::Train;
using Eigen::bfloat16, Eigen::half;

template <typename S>
double rounded(double value) {
  return static_cast<double>(static_cast<S>(static_cast<float>(value)));
}

/// The layout `L` of float with values of `S`.
template <typename L, typename S>
struct WithScalar;
template <template <typename, int> typename Kind, int Order, typename Axis, Index axis, typename S>
struct WithScalar<Layout<Kind<float, Order>, Axis, axis>, S> {
  using Type = Layout<Kind<S, Order>, Axis, axis>;
};

/// What a step leaves: outputs, rounded to `S`, and what the layer has learnt.
struct Step {
  std::vector<Values> outputs;
  Eigen::VectorXf dgamma, dbeta;
  State<float> state;

  friend void expect_same(const Step& got, const Step& expected) {
    ASSERT_EQ(got.outputs.size(), expected.outputs.size());
    for (std::size_t k = 0; k < got.outputs.size(); ++k)
      EXPECT_TRUE(same_bits(got.outputs[k], expected.outputs[k])) << "output " << k;
    EXPECT_EQ(got.dgamma, expected.dgamma);
    EXPECT_EQ(got.dbeta, expected.dbeta);
    EXPECT_TRUE(same_bits(got.state, expected.state));
  }
};

/// The ways of a step in the layout `L`, with inputs that are exact in `S`, and outputs that are
/// rounded to it.
template <typename L, typename S>
class Steps {
 public:
  using Scalar = typename OfLayout<L>::Scalar;
  using Kind = typename L::Kind;
  using Dims = typename L::Dims;
  template <typename Mode, typename... Policies>
  using Layer = BatchNorm<Scalar, Mode, typename L::Axis, Policies...>;

  explicit Steps(const Dims& dimensions, const Options& options)
      : d(dimensions),
        given(options),
        x(input(401)),
        r(input(402)),
        dy(input(403)),
        y(d),
        dx(d),
        dr(d) {}

  template <typename Mode>
  Step plain() {
    Layer<Mode, ReLU> layer(some_state<float>(channels()), given);
    layer.forward(x.get(), residual(r.get()), y.get());
    layer.backward(x.get(), residual(r.get()), dy.get(), dx.get(), dr.get());
    return left(layer, {&y, &dx, &dr});
  }

  Step weighted() {
    Layer<Train> layer(some_state<float>(channels()),
                       {.running_variance = batchnorm::RunningVariance::biased});
    const auto samples = static_cast<Index>(d[L::axis == 0 ? 1 : 0]);
    Eigen::VectorXf w(samples);
    for (Index n = 0; n < samples; ++n) w(n) = static_cast<float>(n % 3) / 3;
    layer.forward(x.get(), sample_weights(w), y.get());
    layer.backward(x.get(), sample_weights(w), dy.get(), dx.get());
    return left(layer, {&y, &dx});
  }

  Step conditional() {
    Layer<Train, NoAffine> layer(channels(), given);
    const State<float> state = some_state<float>(channels());
    layer.forward(x.get(), affine(state.gamma, state.beta), y.get());
    Eigen::VectorXf dgamma, dbeta;
    layer.backward(x.get(), affine(state.gamma, state.beta), dy.get(), dx.get(), dgamma, dbeta);
    Step step = left(layer, {&y, &dx});
    step.dgamma = dgamma;
    step.dbeta = dbeta;
    return step;
  }

  Step in_phases() {
    Layer<Train> layer(some_state<float>(channels()), given);
    const Moments moments = layer.moments(x.get());
    layer.forward(x.get(), moments, y.get());
    layer.observe(moments);
    const auto sums = layer.gradient_sums(x.get(), dy.get());
    layer.backward(x.get(), dy.get(), sums, dx.get());
    layer.learn(sums);
    return left(layer, {&y, &dx});
  }

  Step second() {
    Layer<Train> layer(some_state<float>(channels()), given);
    layer.forward(x.get(), y.get());
    auto gradients = layer.second_backward(x.get(), dy.get(), r.get());
    Kind of_x(d), of_dy(d);
    of_x.get() = gradients.x;
    of_dy.get() = gradients.dy;
    Step step = left(layer, {&of_x, &of_dy});
    step.dgamma = gradients.gamma;
    return step;
  }

 private:
  Index channels() const { return L::shape(d).channels; }

  Kind input(std::uint64_t seed) const {
    Values values = pattern<float>(L::shape(d), seed);
    reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
      values(o, c, i) = rounded<S>(values(o, c, i));
    });
    return L::filled(d, values);
  }

  template <typename Of>
  Step left(const Of& layer, const std::vector<Kind*>& outputs) {
    Step step;
    for (Kind* output : outputs) {
      Values values = L::values(*output, d);
      reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
        values(o, c, i) = rounded<S>(values(o, c, i));
      });
      step.outputs.push_back(values);
    }
    step.state = layer.state();
    if constexpr (!std::is_same_v<typename Of::Set, typename Layer<Eval, ReLU>::Set> &&
                  Of::Set::Affine::has_gamma) {
      step.dgamma = layer.gamma_gradient();
      step.dbeta = layer.beta_gradient();
    }
    return step;
  }

  Dims d;
  Options given;
  Kind x, r, dy, y, dx, dr;
};

/// Sizes with and without whole packets, joined rows, short and long runs, few values and many,
/// in one part and in several, one channel and more than a loop takes at once.
struct Extent {
  Index samples, channels, spatial;
};
const std::vector<Extent> extents{{5, 16, 64}, {7, 17, 35},  {900, 3, 1}, {33, 64, 1},
                                  {3, 1, 77},  {3, 1030, 2}, {21, 40, 9}, {2, 5, 1300},
                                  {70, 33, 7}, {600, 3, 37}};

template <typename L>
class SixteenBits : public ::testing::Test {
 protected:
  /// `way(steps)` of both scalars for all extents.
  template <typename S, typename Way>
  static void expect_same_as_float(const Way& way, const Options& options = {}) {
    using Narrow = typename WithScalar<L, S>::Type;
    for (const Extent& e : extents) {
      SCOPED_TRACE(std::to_string(e.samples) + " x " + std::to_string(e.channels) + " x " +
                   std::to_string(e.spatial));
      const auto d = L::dimensions(e.samples, e.channels, e.spatial);
      Steps<Narrow, S> narrow(d, options);
      Steps<L, S> wide(d, options);
      expect_same(way(narrow), way(wide));
    }
  }
};
TYPED_TEST_SUITE(SixteenBits, Layouts, LayoutName);

TYPED_TEST(SixteenBits, GiveTheResultsOfFloatRoundedOnce) {
  const auto train = [](auto& steps) { return steps.template plain<Train>(); };
  this->template expect_same_as_float<bfloat16>(train);
  this->template expect_same_as_float<bfloat16>(train, {.cache_bytes = 1});
}

/// One layout of rows, one of planes, and one that neither takes.
template <typename L>
class SixteenBitsInAllWays : public SixteenBits<L> {};
using Of = LayoutsOf<float>;
using SomeLayouts = ::testing::Types<Of::NHWC, Of::NCHW, Of::Strided>;
TYPED_TEST_SUITE(SixteenBitsInAllWays, SomeLayouts, LayoutName);

TYPED_TEST(SixteenBitsInAllWays, GiveTheResultsOfFloatRoundedOnce) {
  const Options around{.cache_bytes = 1};
  const auto train = [](auto& steps) { return steps.template plain<Train>(); };
  this->template expect_same_as_float<half>(train, around);
  const auto frozen = [](auto& steps) { return steps.template plain<Frozen>(); };
  const auto eval = [](auto& steps) { return steps.template plain<Eval>(); };
  this->template expect_same_as_float<half>(frozen, around);
  this->template expect_same_as_float<half>(eval);
  this->template expect_same_as_float<bfloat16>(eval, around);
  this->template expect_same_as_float<half>([](auto& steps) { return steps.weighted(); });
  this->template expect_same_as_float<bfloat16>([](auto& steps) { return steps.weighted(); });
  this->template expect_same_as_float<bfloat16>([](auto& steps) { return steps.conditional(); });
  this->template expect_same_as_float<half>([](auto& steps) { return steps.in_phases(); });
  this->template expect_same_as_float<bfloat16>([](auto& steps) { return steps.second(); });
}

template <typename S>
using MatrixOfRows = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename S>
S value_of(std::uint32_t bits) {
  return std::bit_cast<S>(static_cast<std::uint16_t>(bits));
}

template <typename S>
class Conversion : public ::testing::Test {
 protected:
  static constexpr Index all = 1 << 16;

  /// Whether `got` is what a layer without a shift makes of `value`: equal bits, or a NaN. It adds
  /// 0, so that of -0 it makes 0.
  static bool is_rounded(S got, float value) {
    const auto bits = [](S of) { return std::bit_cast<std::uint16_t>(of); };
    return std::isnan(value) ? Eigen::numext::isnan(got)
                             : bits(got) == bits(static_cast<S>(value + 0.0F));
  }

  /// Values of `S`, what is halfway between two of them and the floats beside that, of both signs;
  /// some beyond the largest and the smallest, and NaNs.
  static std::vector<float> floats_near_borders() {
    constexpr float infinite = std::numeric_limits<float>::infinity();
    std::vector<float> floats{1e5F, 3.3895314e38F, 3.3961776e38F, 1e-45F, 2.98023224e-8F};
    for (const std::uint32_t bits : {0x7f7f'ffffU, 0x7fff'ffffU, 0xffff'ffffU, 0x7fc0'0001U})
      floats.push_back(std::bit_cast<float>(bits));
    for (std::uint32_t bits = 0; bits < 0x8000; ++bits) {
      const auto low = static_cast<float>(value_of<S>(bits));
      const auto high = static_cast<float>(value_of<S>(bits + 1));
      if (!std::isfinite(low)) break;
      const float border = std::isfinite(high) ? low + (high - low) / 2 : 65520;
      for (const float value : {low, std::nextafter(low, infinite), std::nextafter(border, 0.0F),
                                border, std::nextafter(border, infinite)}) {
        floats.push_back(value);
        floats.push_back(-value);
      }
    }
    return floats;
  }
};
using Scalars = ::testing::Types<bfloat16, half>;
TYPED_TEST_SUITE(Conversion, Scalars);

// The mean of two equal values is the value.
TYPED_TEST(Conversion, ReadsAllValues) {
  MatrixOfRows<TypeParam> x(2, this->all);
  for (Index c = 0; c < this->all; ++c)
    x(0, c) = x(1, c) = value_of<TypeParam>(static_cast<std::uint32_t>(c));
  const auto expect_value = [](double mean, TypeParam value) {
    const auto expected = static_cast<double>(static_cast<float>(value));
    EXPECT_TRUE(mean == expected || (std::isnan(mean) && std::isnan(expected))) << expected;
  };
  const Moments of_packets = batchnorm::moments(x);
  for (Index c = 0; c < this->all; ++c) expect_value(of_packets.mean[c], x(0, c));
  for (Index c = 0; c + 3 <= this->all; c += 3) {
    const MatrixOfRows<TypeParam> few = x.middleCols(c, 3);
    const Moments of_scalars = batchnorm::moments(few);
    for (Index k = 0; k < 3; ++k) expect_value(of_scalars.mean[k], few(0, k));
  }
}

// A layer that multiplies 1 by any float rounds that as Eigen does.
TYPED_TEST(Conversion, RoundsAsEigenDoes) {
  const std::vector<float> floats = this->floats_near_borders();
  const auto channels = static_cast<Index>(floats.size());
  const auto part = [&](Index first, Index count) {
    State<float> state{Eigen::Map<const Eigen::VectorXf>(floats.data() + first, count),
                       Eigen::VectorXf::Zero(count), Eigen::VectorXd::Zero(count),
                       Eigen::VectorXd::Ones(count), 1};
    const BatchNorm<TypeParam, Eval> layer(
        state, {.epsilon = 1e-30, .non_finite = batchnorm::NonFinite::propagate});
    const auto x = MatrixOfRows<TypeParam>::Constant(1, count, TypeParam(1)).eval();
    const MatrixOfRows<TypeParam> y = layer.forward(x);
    for (Index c = 0; c < count; ++c) {
      const float value = floats[static_cast<std::size_t>(first + c)];
      EXPECT_TRUE(this->is_rounded(y(0, c), value)) << value;
    }
  };
  part(0, channels);
  for (Index first = 0; first + 3 <= channels; first += 3) part(first, 3);
}

// y = x for every x: NaN stays one, and infinities too.
TYPED_TEST(Conversion, WritesWhatItReads) {
  const BatchNorm<TypeParam, Eval> layer(BatchNorm<float>(1, {.epsilon = 1e-30}));
  MatrixOfRows<TypeParam> x(this->all, 1), y;
  for (Index n = 0; n < this->all; ++n)
    x(n, 0) = value_of<TypeParam>(static_cast<std::uint32_t>(n));
  for (const Index rows : {this->all, Index{5}}) {
    for (Index first = 0; first + rows <= this->all; first += rows) {
      const MatrixOfRows<TypeParam> some = x.middleRows(first, rows);
      layer.forward(some, y);
      for (Index n = 0; n < rows; ++n)
        EXPECT_TRUE(this->is_rounded(y(n, 0), static_cast<float>(some(n, 0))));
    }
  }
}

#if defined(__SSE2__)
/// The processor's modes of a scope: small values of float are 0, read and written.
class FlushesToZero {
 public:
  FlushesToZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040U); }
  ~FlushesToZero() { _mm_setcsr(before_); }
  FlushesToZero(const FlushesToZero&) = delete;
  FlushesToZero& operator=(const FlushesToZero&) = delete;
  FlushesToZero(FlushesToZero&&) = delete;
  FlushesToZero& operator=(FlushesToZero&&) = delete;

 private:
  unsigned before_;
};

TEST(SixteenBitsTogether, KeepTheSmallestHalvesWhateverTheModeOfFloat) {
  constexpr Index finite = 0x7c00;
  MatrixOfRows<half> x(finite, 1), y;
  for (Index n = 0; n < finite; ++n) x(n, 0) = value_of<half>(static_cast<std::uint32_t>(n));
  const BatchNorm<half, Eval> layer(BatchNorm<float>(1, {.epsilon = 1e-30}));
  for (const Index rows : {finite, Index{4}}) {
    const MatrixOfRows<half> some = x.topRows(rows);
    {
      const FlushesToZero mode;
      layer.forward(some, y);
    }
    for (Index n = 0; n < rows; ++n)
      EXPECT_EQ(std::bit_cast<std::uint16_t>(y(n, 0)), std::bit_cast<std::uint16_t>(x(n, 0)));
  }
}
#endif

TYPED_TEST(Conversion, OfLayersKeepsEverything) {
  const State<float> state = some_state<float>(5);
  const Options options{.epsilon = 1e-3};
  const BatchNorm<float, Train, ReLU> wide(state, options);
  const BatchNorm<TypeParam, Train, ReLU> narrow(wide);
  EXPECT_TRUE(same_bits(narrow.state(), state));
  EXPECT_EQ(narrow.options(), options);
  EXPECT_EQ((BatchNorm<float, Train, ReLU>(narrow)), wide);
  const BatchNorm<TypeParam, Eval, ReLU> eval(wide);
  const BatchNorm<float, Eval, ReLU> wide_eval(narrow);
  EXPECT_EQ(eval.scale(), wide_eval.scale());
  EXPECT_EQ(eval.centre(), wide_eval.centre());
  EXPECT_EQ(eval.shift(), wide_eval.shift());
}

TYPED_TEST(Conversion, IsSaidWhereALayerIsPrinted) {
  std::ostringstream line;
  line << BatchNorm<TypeParam>(3);
  const char* const name = std::is_same_v<TypeParam, half> ? "half" : "bfloat16";
  EXPECT_EQ(line.str(), std::string("BatchNorm<Eigen::") + name +
                            ", Train>: 3 channels, epsilon 1e-05, decay(0.9), 0 batches");
}

TYPED_TEST(Conversion, OfAnotherXIsNoticed) {
  BatchNorm<TypeParam> layer(3);
  MatrixOfRows<TypeParam> x = MatrixOfRows<float>::Random(6, 3).template cast<TypeParam>();
  const MatrixOfRows<TypeParam> dy = x;
  layer.forward(x);
  x(3, 1) = TypeParam(0.5F);
  try {
    static_cast<void>(layer.backward(x, dy));
    FAIL();
  } catch (const std::invalid_argument& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("and holds 0.5"), std::string::npos)
        << refusal.what();
  }
}

TYPED_TEST(Conversion, OfFoldedMapsGoesByWayOfFloat) {
  const State<float> state = some_state<float>(4);
  const BatchNorm<float, Eval> wide(state);
  const BatchNorm<TypeParam, Eval> narrow(state);
  const MatrixOfRows<TypeParam> weight =
      MatrixOfRows<float>::Random(4, 6).template cast<TypeParam>();
  const Eigen::Matrix<TypeParam, Eigen::Dynamic, 1> bias =
      Eigen::VectorXf::Random(4).template cast<TypeParam>();
  const auto folded = batchnorm::fold(narrow, weight, bias);
  const auto expected = batchnorm::fold(wide, weight.template cast<float>().eval(),
                                        bias.template cast<float>().eval());
  EXPECT_EQ(folded.weight, expected.weight.template cast<TypeParam>());
  EXPECT_EQ(folded.bias, expected.bias.template cast<TypeParam>());
}

TEST(SixteenBitsTogether, AreRefusedWhereAFoldedMapWouldNotBeFinite) {
  State<float> state = some_state<float>(1);
  state.gamma(0) = 1e6F;
  const MatrixOfRows<half> weight = MatrixOfRows<half>::Ones(1, 1);
  const BatchNorm<half, Eval> layer(state);
  EXPECT_THROW(static_cast<void>(batchnorm::fold(layer, weight)), std::invalid_argument);
}

TEST(SixteenBitsTogether, AreInfiniteBeyondTheLargestHalf) {
  BatchNorm<half> layer(1);
  layer.gamma()(0) = 1e6F;
  MatrixOfRows<half> x(3, 1);
  x << half(-1.0F), half(0.0F), half(1.0F);
  const MatrixOfRows<half> y = layer.forward(x);
  EXPECT_TRUE(Eigen::numext::isinf(y(0, 0)) && Eigen::numext::isinf(y(2, 0)));
  EXPECT_LT(y(0, 0), half(0.0F));
  EXPECT_EQ(y(1, 0), half(0.0F));
  EXPECT_TRUE(std::isfinite(layer.running_mean()(0)));
}

TEST(SixteenBitsTogether, StayOutOfTheRunningStatisticsWhereTheyAreNotFinite) {
  BatchNorm<bfloat16> layer(2);
  MatrixOfRows<bfloat16> x = MatrixOfRows<bfloat16>::Constant(4, 2, bfloat16(1.0F));
  x(1, 0) = std::numeric_limits<bfloat16>::quiet_NaN();
  const MatrixOfRows<bfloat16> y = layer.forward(x);
  EXPECT_TRUE(Eigen::numext::isnan(y(0, 0)));
  EXPECT_EQ(y(0, 1), bfloat16(0.0F));
  EXPECT_EQ(layer.rejected()(0), 1);
  EXPECT_EQ(layer.running_mean()(0), 0.0);
  EXPECT_NE(layer.running_mean()(1), 0.0);
}
}  // namespace
