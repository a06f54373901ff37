#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "layouts.hpp"

// How a call walks through memory, and how it writes, is no part of its result.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Options,
    batchnorm::Train;

/// All that a forward and a backward write.
struct Step {
  Values y, dx, dresidual;
  Eigen::VectorXf dgamma, dbeta;
  batchnorm::State<float> state;

  friend void expect_same(const Step& a, const Step& b) {
    EXPECT_TRUE(same_bits(a.y, b.y));
    EXPECT_TRUE(same_bits(a.dx, b.dx));
    EXPECT_TRUE(same_bits(a.dresidual, b.dresidual));
    EXPECT_EQ(a.dgamma, b.dgamma);
    EXPECT_EQ(a.dbeta, b.dbeta);
    EXPECT_TRUE(same_bits(a.state, b.state));
  }
};

template <typename L>
class Walks : public ::testing::Test {
 protected:
  using Dims = typename L::Dims;

  template <typename Mode>
  static Step step(const Dims& d, const Options& options, bool in_place = false) {
    auto x = L::filled(d, pattern<float>(L::shape(d), 301));
    auto r = L::filled(d, pattern<float>(L::shape(d), 302));
    auto dy = L::filled(d, pattern<float>(L::shape(d), 303));
    typename L::Kind y(d), dr(d);
    BatchNorm<float, Mode, batchnorm::ReLU, typename L::Axis> layer(
        some_state<float>(L::shape(d).channels), options);
    layer.forward(x.get(), batchnorm::residual(r.get()), y.get());
    typename L::Kind apart(d);
    auto& dx = in_place ? dy : apart;
    layer.backward(x.get(), batchnorm::residual(r.get()), dy.get(), dx.get(), dr.get());
    Step step{L::values(y, d), L::values(dx, d), L::values(dr, d), {}, {}, layer.state()};
    if constexpr (!std::is_same_v<Mode, Eval>) {
      step.dgamma = layer.gamma_gradient();
      step.dbeta = layer.beta_gradient();
    }
    return step;
  }
};
TYPED_TEST_SUITE(Walks, Layouts, LayoutName);

/// Sizes with and without whole packets, joined rows, long and short runs, a single channel; runs
/// of less than a packet, in more places than are mapped at once, and joined.
struct Extent {
  Index samples, channels, spatial;
};
const std::vector<Extent> extents{{5, 16, 64},  {7, 17, 35}, {900, 3, 1},  {49, 3, 1},
                                  {33, 64, 1},  {9, 100, 1}, {3, 1, 77},   {2, 5, 300},
                                  {3, 1030, 2}, {21, 40, 9}, {70, 300, 7}, {300, 5, 3},
                                  {1003, 2, 3}, {19, 65, 1}, {6, 257, 1}};

/// As a text that shows which pieces were added to which: ((0 1) 2).
std::string join(const std::string& a, const std::string& b) { return "(" + a + " " + b + ")"; }

/// In far fewer places.
TEST(MergeInTurn, IsTheTreeOfPiecesThatAreAllThere) {
  using batchnorm::detail::Merged;
  for (Index pieces = 1; pieces < 70; ++pieces) {
    std::vector<std::string> all, held(static_cast<std::size_t>(pieces));
    for (Index k = 0; k < pieces; ++k) all.push_back(std::to_string(k));
    const auto merge_in = [&](std::vector<std::string>& texts) {
      return [&](const Merged& into, const Merged& from, Index end) {
        ASSERT_TRUE(into.first < from.first && from.first < end && end <= pieces);
        auto& to = texts[static_cast<std::size_t>(into.place)];
        to = join(to, texts[static_cast<std::size_t>(from.place)]);
      };
    };
    batchnorm::detail::merge_tree(pieces, merge_in(all));
    Index most = 0;
    const auto sum = [&](Index piece, Index place) {
      most = std::max(most, place + 1);
      held[static_cast<std::size_t>(place)] = std::to_string(piece);
    };
    batchnorm::detail::merge_in_turn(pieces, sum, merge_in(held));
    EXPECT_EQ(held[0], all[0]);
    EXPECT_LE(most, batchnorm::detail::places_in_turn(pieces));
  }
  EXPECT_EQ(batchnorm::detail::places_in_turn(1), 1);
  EXPECT_EQ(batchnorm::detail::places_in_turn(1000000), 21);
}

TYPED_TEST(Walks, WriteTheSameAroundTheCaches) {
  for (const Extent& e : extents) {
    const auto d = TypeParam::dimensions(e.samples, e.channels, e.spatial);
    const Options around{.cache_bytes = 1};
    const Options through{.cache_bytes = std::int64_t{1} << 40};
    expect_same(this->template step<Train>(d, around), this->template step<Train>(d, through));
    expect_same(this->template step<Frozen>(d, around), this->template step<Frozen>(d, through));
    expect_same(this->template step<Eval>(d, around), this->template step<Eval>(d, through));
  }
}

// Some channels at a time, or all, or fewer than one that fits; few values of a channel and many,
// and runs with and without whole packets.
TYPED_TEST(Walks, WriteTheSameWhateverFitsTheSecondLevelCache) {
  for (const Extent& e : {Extent{3, 40, 700}, {2, 203, 100}, {1, 17, 1301}, {70, 300, 7}}) {
    const auto d = TypeParam::dimensions(e.samples, e.channels, e.spatial);
    const std::int64_t channel = e.samples * e.spatial * std::int64_t{sizeof(float)};
    const Options all{.l2_bytes = std::int64_t{1} << 40};
    const auto train = this->template step<Train>(d, all);
    const auto frozen = this->template step<Frozen>(d, all);
    for (const std::int64_t channels : {0, 5, 40, 110, 700}) {
      SCOPED_TRACE(std::to_string(e.samples) + " x " + std::to_string(e.channels) + " x " +
                   std::to_string(e.spatial) + " with room for " + std::to_string(channels));
      const Options options{.l2_bytes = channels * channel + 1};
      expect_same(this->template step<Train>(d, options), train);
      expect_same(this->template step<Frozen>(d, options), frozen);
    }
  }
}

TYPED_TEST(Walks, WriteTheSameInPlace) {
  for (const Extent& e : extents) {
    const auto d = TypeParam::dimensions(e.samples, e.channels, e.spatial);
    for (const std::int64_t bytes : {1, 0}) {
      const Options options{.cache_bytes = bytes};
      expect_same(this->template step<Train>(d, options, true),
                  this->template step<Train>(d, options, false));
    }
  }
}

// A sample by itself is not planned for: it is mapped as it is among others.
TEST(OneSample, IsMappedAsAmongOthers) {
  using Matrix = MatrixOf<float, Eigen::RowMajor>;
  for (const Index channels : {1, 3, 8, 16, 17, 64, 257}) {
    const BatchNorm<float, Eval, batchnorm::ReLU> layer(some_state<float>(channels));
    const Matrix x = Matrix::Random(5, channels), r = Matrix::Random(5, channels);
    const Matrix dy = Matrix::Random(5, channels);
    const Matrix y = layer.forward(x, batchnorm::residual(r));
    const auto gradients = layer.backward(x, batchnorm::residual(r), dy);
    for (Index n = 0; n < 5; ++n) {
      const auto x_n = x.middleRows(n, 1), r_n = r.middleRows(n, 1), dy_n = dy.middleRows(n, 1);
      const Matrix y_n = layer.forward(x_n, batchnorm::residual(r_n));
      const auto of_n = layer.backward(x_n, batchnorm::residual(r_n), dy_n);
      EXPECT_TRUE(same_bits(y_n, y.middleRows(n, 1).eval()));
      EXPECT_TRUE(same_bits(of_n.dx, gradients.dx.middleRows(n, 1).eval()));
      EXPECT_TRUE(same_bits(of_n.dresidual, gradients.dresidual.middleRows(n, 1).eval()));
      Matrix in_place = x_n;
      layer.forward(in_place, batchnorm::residual(r_n), in_place);
      EXPECT_TRUE(same_bits(in_place, y_n));
    }
  }
}

/// Memory of `size` values that begin `first` values behind a cache line, between values of the
/// test's own.
class Somewhere {
 public:
  Somewhere(Index first, Index size)
      : memory_(static_cast<std::size_t>(size) + 4 * line, guard), size_(size) {
    const auto past = reinterpret_cast<std::uintptr_t>(memory_.data()) / sizeof(float) % line;
    first_ = 2 * line - past + static_cast<std::size_t>(first);
  }

  float* data() { return memory_.data() + first_; }

  /// Those values, and around them what was there before.
  bool holds(const Eigen::VectorXf& values) const {
    const auto begin = memory_.begin() + static_cast<std::ptrdiff_t>(first_);
    const auto is_guard = [](float value) { return value == guard; };
    return std::equal(values.begin(), values.end(), begin) &&
           std::all_of(memory_.begin(), begin, is_guard) &&
           std::all_of(begin + size_, memory_.end(), is_guard);
  }

 private:
  static constexpr std::size_t line = 16;
  static constexpr float guard = 12345;

  std::vector<float> memory_;
  Index size_;
  std::size_t first_ = 0;
};

// Rows of whole packets and others, joined ones, two rows alone, more channels than are copied for
// a shift, and short runs that are read as rows; whatever address they begin at.
TEST(Outputs, MayBeginAnywhere) {
  using Line = Eigen::VectorXf;
  using Map = Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>>;
  using ConstMap = Eigen::TensorMap<const Eigen::Tensor<float, 3, Eigen::RowMajor>>;
  for (const auto& [samples, width, length] : std::vector<std::array<Index, 3>>{{2, 64, 1},
                                                                                {3, 64, 1},
                                                                                {9, 64, 1},
                                                                                {7, 96, 1},
                                                                                {4, 100, 1},
                                                                                {50, 3, 1},
                                                                                {131, 5, 1},
                                                                                {70, 48, 1},
                                                                                {2, 65, 1},
                                                                                {19, 65, 1},
                                                                                {3, 257, 1},
                                                                                {5, 1024, 1},
                                                                                {3, 1040, 1},
                                                                                {5, 32, 3},
                                                                                {9, 64, 2},
                                                                                {40, 5, 3}}) {
    const Index rows = samples, channels = width, run = length;
    const Index size = rows * channels * run;
    const Line x = Line::Random(size), r = Line::Random(size), dy = Line::Random(size);
    const auto step = [&](std::int64_t cache_bytes, float* y, float* dx, float* dr) {
      const auto read = [&](const Line& line) {
        return ConstMap(line.data(), rows, channels, run);
      };
      const auto write = [&](float* to) { return Map(to, rows, channels, run); };
      BatchNorm<float, Train, batchnorm::ReLU> layer(channels, {.cache_bytes = cache_bytes});
      layer.forward(read(x), batchnorm::residual(read(r)), write(y));
      layer.backward(read(x), batchnorm::residual(read(r)), read(dy), write(dx), write(dr));
    };
    Line y(size), dx(size), dr(size);
    step(std::int64_t{1} << 40, y.data(), dx.data(), dr.data());
    for (Index first = 0; first < 16; ++first) {
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(channels) + " x " +
                   std::to_string(run) + " from " + std::to_string(first));
      Somewhere y_there(first, size), dx_there(first, size), dr_there(first, size);
      step(1, y_there.data(), dx_there.data(), dr_there.data());
      EXPECT_TRUE(y_there.holds(y));
      EXPECT_TRUE(dx_there.holds(dx));
      EXPECT_TRUE(dr_there.holds(dr));
    }
  }
}

// One output dense, the other of an odd stride: no store may trust the alignment of both.
TEST(Outputs, MayHaveStridesOfTheirOwn) {
  constexpr Index rows = 9, channels = 32, padded = 37;
  using Rows = MatrixOf<float, Eigen::RowMajor>;
  const Rows x = Rows::Random(rows, channels), r = Rows::Random(rows, channels);
  const Rows dy = Rows::Random(rows, channels);
  BatchNorm<float, Train, batchnorm::ReLU> layer(channels, {.cache_bytes = 1});
  layer.forward(x, batchnorm::residual(r));
  Rows dx(rows, channels), dense(rows, channels), wide(rows, padded);
  layer.backward(x, batchnorm::residual(r), dy, dx, dense);
  Eigen::Map<Rows, 0, Eigen::OuterStride<>> apart(wide.data(), rows, channels,
                                                  Eigen::OuterStride<>(padded));
  Rows again(rows, channels);
  layer.forward(x, batchnorm::residual(r));
  layer.backward(x, batchnorm::residual(r), dy, again, apart);
  EXPECT_EQ(again, dx);
  EXPECT_EQ(Rows(apart), dense);
}

/// A training step of rows or columns with a gap behind each, and of the same values without.
template <int Order>
void expect_same_with_gaps(Index rows, Index channels, Index gap) {
  using Matrix = MatrixOf<float, Order>;
  const bool by_row = Order == Eigen::RowMajor;
  const Index stride = (by_row ? channels : rows) + gap;
  const auto apart = [&](Eigen::VectorXf& memory) {
    memory.setZero(stride * (by_row ? rows : channels));
    return Eigen::Map<Matrix, 0, Eigen::OuterStride<>>(memory.data(), rows, channels,
                                                       Eigen::OuterStride<>(stride));
  };
  Eigen::VectorXf of_x, of_y, of_dx;
  auto x = apart(of_x), y = apart(of_y), dx = apart(of_dx);
  x.setRandom();
  const Matrix dense = x, dy = Matrix::Random(rows, channels);
  BatchNorm<float> layer(channels, {.epsilon = 0.1}), expected = layer;
  layer.forward(x, y);
  layer.backward(x, dy, dx);
  const float few = 16 * static_cast<float>(roundoff<float>);
  EXPECT_LE((y - expected.forward(dense)).cwiseAbs().maxCoeff(), few);
  EXPECT_LE((dx - expected.backward(dense, dy)).cwiseAbs().maxCoeff(), 4 * few);
}

// What is read as longer rows where there is no gap is not where there is one.
TEST(Gaps, BetweenRowsOrColumnsChangeNothing) {
  for (const auto& [rows, channels] : {std::array<Index, 2>{2, 40},
                                       {3, 700},
                                       {5, 3},
                                       {7, 40},
                                       {15, 40},
                                       {40, 3},
                                       {900, 3},
                                       {2000, 16},
                                       {70, 33}})
    for (const Index gap : {1, 5, 16}) {
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(channels));
      expect_same_with_gaps<Eigen::RowMajor>(rows, channels, gap);
      expect_same_with_gaps<Eigen::ColMajor>(rows, channels, gap);
    }
}

/// A training step whose outputs lie `first` and `second` elements behind where a packet may begin.
template <int Order>
void expect_outputs_anywhere(Index rows, Index channels, Index first, Index second) {
  using Matrix = MatrixOf<float, Order>;
  const Matrix x = Matrix::Random(rows, channels), r = Matrix::Random(rows, channels);
  const Matrix dy = Matrix::Random(rows, channels);
  const auto step = [&](std::int64_t cache_bytes, auto& y, auto& dx, auto& dresidual) {
    BatchNorm<float, Train, batchnorm::ReLU> layer(channels, {.cache_bytes = cache_bytes});
    layer.forward(x, batchnorm::residual(r), y);
    layer.backward(x, batchnorm::residual(r), dy, dx, dresidual);
  };
  Matrix y, dx, dresidual;
  step(std::int64_t{1} << 40, y, dx, dresidual);
  Eigen::VectorXf memory(3 * (rows * channels + 64));
  const auto place = [&](Index output, Index at) {
    return Eigen::Map<Matrix>(memory.data() + output * (rows * channels + 64) + at, rows, channels);
  };
  auto there = place(0, first), dx_there = place(1, first), dresidual_there = place(2, second);
  step(1, there, dx_there, dresidual_there);
  EXPECT_EQ(Matrix(there), y);
  EXPECT_EQ(Matrix(dx_there), dx);
  EXPECT_EQ(Matrix(dresidual_there), dresidual);
}

// Around the caches only aligned packets are stored: of both outputs, or of none.
TEST(Outputs, MayLieAnywhereWithinAPacket) {
  for (const auto& [rows, channels] : {std::array<Index, 2>{9, 96}, {33, 3}, {300, 5}, {7, 17}})
    for (Index first = 0; first < 16; ++first)
      for (Index second = 0; second < 16; ++second) {
        SCOPED_TRACE(std::to_string(first) + ", " + std::to_string(second));
        expect_outputs_anywhere<Eigen::RowMajor>(rows, channels, first, second);
        expect_outputs_anywhere<Eigen::ColMajor>(rows, channels, first, second);
      }
}

/// Channels [first, first + count) of values.
Values some_channels(const Values& values, Index first, Index count) {
  const auto& all = values.shape();
  Values part(reference::Shape{all.outer, count, all.inner});
  reference::for_each(part.shape(),
                      [&](Index o, Index c, Index i) { part(o, c, i) = values(o, first + c, i); });
  return part;
}

struct Trained {
  Values y, dx;
};

/// A training step without parameters.
template <typename L>
Trained train(const Values& x, const Values& dy, const typename L::Dims& d) {
  auto x_kind = L::filled(d, x);
  auto dy_kind = L::filled(d, dy);
  typename L::Kind y(d), dx(d);
  BatchNorm<float, Train, typename L::Axis, batchnorm::NoAffine> layer(x.shape().channels);
  layer.forward(x_kind.get(), y.get());
  layer.backward(x_kind.get(), dy_kind.get(), dx.get());
  return {L::values(y, d), L::values(dx, d)};
}

// Large enough that channels are taken a few at a time, in a walk of their own each.
TYPED_TEST(Walks, TakeEveryChannelByItself) {
  constexpr Index samples = 8, channels = 48, spatial = 6001, taken = 16;
  const auto whole = TypeParam::dimensions(samples, channels, spatial);
  const Values x = pattern<float>(TypeParam::shape(whole), 311);
  const Values dy = pattern<float>(TypeParam::shape(whole), 312);
  const Trained all = train<TypeParam>(x, dy, whole);
  for (Index first = 0; first < channels; first += taken) {
    const auto d = TypeParam::dimensions(samples, taken, spatial);
    const Trained part =
        train<TypeParam>(some_channels(x, first, taken), some_channels(dy, first, taken), d);
    const double few = 4 * roundoff<float>;
    reference::for_each(part.y.shape(), [&](Index o, Index c, Index i) {
      const double there = all.y(o, first + c, i);
      ASSERT_NEAR(part.y(o, c, i), there, few * (1 + std::abs(there)));
      ASSERT_NEAR(part.dx(o, c, i), all.dx(o, first + c, i), 4 * few);
    });
  }
}

// The loops pick origins among the values and judge their sums: data that make every judgement fail
// give what double gives.
class Judged : public ::testing::TestWithParam<Index> {
 protected:
  /// Channels that begin with outliers, rise, leave the range of squares at either end, and have
  /// squares whose roundings in a sum do not average out.
  static double value(Index o, Index c) {
    const double some = 1 + 0.3 * noise(321, o, c, 0);
    switch (c % 5) {
      case 0:
        return o < 16 ? 0.1 * some : 1000 + some;
      case 1:
        return static_cast<double>(o) + some;
      case 2:
        return 1e-23 * some;
      case 3:
        return 1e25 * some;
      default:
        return (o % 2 == 0 ? 1 : -1) * (1.3 + 0.01 * static_cast<double>(c % 97));
    }
  }
};

/// Mean and m2 of every channel of `x`, whose rows are samples, as double finds them.
void expect_exact(const batchnorm::Moments& found, const Eigen::MatrixXf& x) {
  for (Index c = 0; c < x.cols(); ++c) {
    const Eigen::ArrayXd values = x.col(c).cast<double>().array();
    const double mean = values.mean();
    const double m2 = (values - mean).square().sum();
    EXPECT_NEAR(found.mean(c), mean, 1.2e-7 * std::sqrt(m2 / static_cast<double>(x.rows()))) << c;
    EXPECT_NEAR(found.m2(c), m2, 4.8e-7 * m2) << c;
  }
}

TEST_P(Judged, GivesWhatDoubleGives) {
  const Index rows = 4100, channels = GetParam();
  MatrixOf<float, Eigen::RowMajor> x(rows, channels);
  for (Index o = 0; o < rows; ++o) {
    for (Index c = 0; c < channels; ++c) x(o, c) = static_cast<float>(value(o, c));
  }
  const MatrixOf<float, Eigen::ColMajor> by_channel = x;
  for (const batchnorm::Moments& found : {batchnorm::moments(x), batchnorm::moments(by_channel)}) {
    expect_exact(found, x);
  }
}
INSTANTIATE_TEST_SUITE_P(FewAndManyChannels, Judged, ::testing::Values(1, 4, 7, 70, 1100));

// Few rows leave no room for roundings to average out: they are summed in double. A constant
// channel has no variance, and squares that leave the range of double give none that is negative.
class FewRows : public ::testing::TestWithParam<Index> {};

TEST_P(FewRows, GiveWhatDoubleGives) {
  for (const Index rows : {2, 3, 8, 17, 33, 64}) {
    MatrixOf<float, Eigen::RowMajor> x(rows, GetParam());
    for (Index o = 0; o < rows; ++o)
      for (Index c = 0; c < x.cols(); ++c) {
        const double some = 1 + 0.3 * noise(341, o, c, 0);
        const double size = c % 4 == 0 ? 1e-23 : c % 4 == 1 ? 1e17 : 1;
        x(o, c) = static_cast<float>(c % 4 == 3 ? (o == 0 ? 1e4 : 1) : size * some);
      }
    const batchnorm::Moments found = batchnorm::moments(x);
    for (Index c = 0; c < x.cols(); ++c) {
      const Eigen::ArrayXd values = x.col(c).cast<double>().array();
      const double m2 = (values - values.mean()).square().sum();
      EXPECT_NEAR(found.mean(c), values.mean(), 1e-14 * values.abs().maxCoeff()) << rows;
      EXPECT_NEAR(found.m2(c), m2, 1e-13 * m2) << rows << ", " << c;
    }
  }
}

TEST_P(FewRows, OfOneValueHaveNoVariance) {
  for (const Index rows : {2, 7, 40}) {
    MatrixOf<float, Eigen::RowMajor> x(rows, GetParam());
    for (Index c = 0; c < x.cols(); ++c) x.col(c).setConstant(0.1F + 7.7F * static_cast<float>(c));
    const batchnorm::Moments found = batchnorm::moments(x);
    EXPECT_TRUE((found.mean == x.row(0).cast<double>().transpose().array()).all()) << rows;
    EXPECT_TRUE((found.m2 == 0).all()) << rows;
  }
}

TEST_P(FewRows, NeverHaveANegativeVariance) {
  MatrixOf<double, Eigen::RowMajor> x(64, GetParam());
  for (Index o = 0; o < x.rows(); ++o) x.row(o).setConstant(o == 0 ? 0 : 1.5e-162);
  EXPECT_TRUE((batchnorm::moments(x).m2 >= 0).all());
}
INSTANTIATE_TEST_SUITE_P(PacketsAndWhatIsLeftOver, FewRows, ::testing::Values(16, 17, 33, 100));

// Squares that are all alike are rounded alike, however short the runs are that they stand in.
TEST(ShortRuns, AreExactWhereRoundingsDoNotAverageOut) {
  using Tensor = Eigen::Tensor<float, 3, Eigen::RowMajor>;
  constexpr Index samples = 64, channels = 40;
  for (const Index spatial : {5, 16, 20, 35, 49, 64, 100, 196}) {
    Tensor x(samples, channels, spatial);
    Eigen::ArrayXXd values(samples * spatial, channels);
    for (Index o = 0; o < samples; ++o)
      for (Index c = 0; c < channels; ++c)
        for (Index i = 0; i < spatial; ++i) {
          const bool up = c % 2 == 0 ? i % 2 == 0 : noise(331, o, c, i) > 0;
          x(o, c, i) = static_cast<float>((up ? 1 : -1) * (1 + 0.7 * noise(332, 0, c, 0)));
          values(o * spatial + i, c) = x(o, c, i);
        }
    const batchnorm::Moments found = batchnorm::moments(x);
    for (Index c = 0; c < channels; ++c) {
      const double m2 = (values.col(c) - values.col(c).mean()).square().sum();
      EXPECT_NEAR(found.m2(c), m2, 4.8e-7 * m2) << spatial << ", " << c;
    }
  }
}

// Runs that lie far apart are summed a few at a time, in blocks of every length.
TEST(FarRuns, GiveWhatDoubleGives) {
  using Tensor = Eigen::Tensor<float, 3, Eigen::RowMajor>;
  for (const auto& [samples, channels, spatial] : {std::array{45, 1000, 49}, {70, 1500, 20}}) {
    Tensor x(samples, channels, spatial), dy(samples, channels, spatial), dx(x.dimensions());
    x.setRandom();
    dy.setRandom();
    batchnorm::BatchNorm<float> layer(channels);
    layer.forward(x);
    layer.backward(x, dy, dx);
    const batchnorm::Moments found = batchnorm::moments(x);
    using Plane = Eigen::Map<const MatrixOf<float, Eigen::RowMajor>, 0, Eigen::OuterStride<>>;
    for (Index c = 0; c < channels; c += 7) {
      const Eigen::OuterStride<> step(Index{channels} * spatial);
      const Plane of_x(x.data() + c * spatial, samples, spatial, step);
      const Plane of_dy(dy.data() + c * spatial, samples, spatial, step);
      const Eigen::ArrayXXd values = of_x.cast<double>(), g = of_dy.cast<double>();
      const double m2 = (values - values.mean()).square().sum();
      EXPECT_NEAR(found.m2(c), m2, 4.8e-7 * m2) << spatial << ", " << c;
      EXPECT_NEAR(layer.beta_gradient()(c), g.sum(), 1e-7 * g.abs().sum()) << spatial << ", " << c;
    }
  }
}

// Some squares are large and all that follow are small and alike: each of them is rounded alike.
// Sixteen large ones fill every lane of a packet.
TEST(Outliers, AmongEqualValuesAreExact) {
  for (const Index rows : {2, 3, 5, 12, 16, 31, 48, 64, 100, 200, 1024, 5000})
    for (const Index place : {Index{0}, rows / 2, rows - 1})
      for (const Index large : {1, 16}) {
        SCOPED_TRACE(std::to_string(rows) + " rows, place " + std::to_string(place));
        Eigen::MatrixXf x = Eigen::MatrixXf::Zero(rows, 40);
        for (Index c = 0; c < x.cols(); ++c)
          x.col(c).segment(place, std::min(large, rows - place)).array() =
              static_cast<float>(1.5 + 0.5 * noise(341, place, c, rows));
        expect_exact(batchnorm::moments(x), x);
        expect_exact(batchnorm::moments(MatrixOf<float, Eigen::RowMajor>(x)), x);
      }
}

// Every other sample outweighs the one that is summed beside it, and all are rounded alike.
TEST(Outliers, OfWholeSamplesLeaveSumsOfGradientsExact) {
  using Tensor = Eigen::Tensor<float, 3, Eigen::RowMajor>;
  for (const Index spatial : {20, 64, 256, 400})
    for (const float small : {0.0007F, 0.013F, 0.11F})
      for (const Index large : {0, 1}) {
        Tensor x(64, 3, spatial), dy(64, 3, spatial);
        x.setRandom();
        for (Index o = 0; o < 64; ++o) dy.chip(o, 0).setConstant(o % 2 == large ? 1.1F : small);
        BatchNorm<float> layer(3);
        layer.forward(x);
        const double sum = 32.0 * static_cast<double>(spatial) * (double{1.1F} + double{small});
        EXPECT_LE((layer.gradient_sums(x, dy).sum - sum).abs().maxCoeff(), 1e-8 * sum)
            << spatial << ", " << small;
      }
}

// The same of gradients; what is within two and four roundoffs here is within one and three where
// no value outweighs all others.
TEST(Outliers, AmongEqualGradientsAreExact) {
  for (const Index rows : {5, 16, 31, 64, 100, 1000, 5000}) {
    SCOPED_TRACE(rows);
    const Index channels = 800;
    MatrixOf<float, Eigen::RowMajor> x(rows, channels), dy(rows, channels);
    for (Index o = 0; o < rows; ++o)
      for (Index c = 0; c < channels; ++c) {
        x(o, c) = static_cast<float>(noise(351, o, c, 0));
        dy(o, c) = (7 * o + c) % 32 == 0 ? 1.7F : 0.001F;
      }
    BatchNorm<float> layer(channels);
    layer.forward(x);
    layer.backward(x, dy);
    for (Index c = 0; c < channels; ++c) {
      const Eigen::ArrayXd values = x.col(c).cast<double>().array();
      const Eigen::ArrayXd g = dy.col(c).cast<double>().array();
      const Eigen::ArrayXd deviations = values - values.mean();
      const Eigen::ArrayXd x_hat = deviations / std::sqrt(deviations.square().mean() + 1e-5);
      EXPECT_NEAR(layer.beta_gradient()(c), g.sum(), 2 * 0x1p-24 * g.abs().sum());
      EXPECT_NEAR(layer.gamma_gradient()(c), (g * x_hat).sum(),
                  4 * 0x1p-24 * (g * x_hat).abs().sum());
    }
  }
}

TEST(RunningStatistics, AreThoseOfDoubleBeyondTheRangeOfFloat) {
  Eigen::MatrixXf x(4, 1);
  x << -3e38F, 3e38F, 3e38F, -3e38F;
  BatchNorm<float> layer(1, {.momentum = batchnorm::decay(0)});
  layer.forward(x);
  EXPECT_NEAR(layer.running_variance()(0), 12e76, 1e-6 * 12e76);
  EXPECT_EQ(layer.running_mean()(0), 0.0);
}

}  // namespace
