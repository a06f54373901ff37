#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "layouts.hpp"

// Moments form a monoid: chunks of any sizes, merged in any order, are the whole.

namespace {

using namespace fixtures;
using batchnorm::Moments, batchnorm::moments;
using Matrix = MatrixOf<float, Eigen::RowMajor>;

constexpr Index channels = 3;

Matrix samples(Index count, std::uint64_t seed = 71) {
  Matrix x(count, channels);
  write(x, Dimensions<2>{count, channels}, 1, pattern<float>({count, channels, 1}, seed));
  return x;
}

/// Two merges of the same values may differ by the rounding of a handful of double operations.
void expect_equal(const Moments& a, const Moments& b) {
  constexpr double tolerance = 1e-13;
  ASSERT_EQ(a.count, b.count);
  ASSERT_EQ(a.mean.size(), b.mean.size());
  for (Index c = 0; c < a.mean.size(); ++c) {
    EXPECT_NEAR(a.mean(c), b.mean(c), tolerance);
    EXPECT_NEAR(a.m2(c), b.m2(c), tolerance * b.m2(c));
  }
}

/// Single precision stands behind each block of one call, and double behind every merge.
void expect_close(const Moments& a, const Moments& b) {
  ASSERT_EQ(a.count, b.count);
  for (Index c = 0; c < channels; ++c) {
    const double variance = b.variance()(c);
    EXPECT_NEAR(a.mean(c), b.mean(c), 1.2e-7 * std::sqrt(variance));
    EXPECT_NEAR(a.variance()(c), variance, 2 * 4.8e-7 * variance);
  }
}

template <typename L>
class MomentsOf : public ::testing::Test {};
TYPED_TEST_SUITE(MomentsOf, Layouts, LayoutName);

TYPED_TEST(MomentsOf, EveryLayoutAreThoseOfTheReference) {
  using L = TypeParam;
  for (const Index samples : {1, 2, 9, 64}) {
    const auto dimensions = L::dimensions(samples, 5, 34);
    const Values values = pattern<float>(L::shape(dimensions), 72);
    auto x = L::filled(dimensions, values);
    const Moments found = moments<typename L::Axis>(x.get());
    const reference::Statistics expected = reference::batch_statistics(values);
    EXPECT_EQ(found.count, values.shape().count());
    for (std::size_t c = 0; c < 5; ++c) {
      const double variance = expected.variance[c];
      EXPECT_NEAR(found.mean(static_cast<Index>(c)), expected.mean[c],
                  1.2e-7 * std::sqrt(variance));
      EXPECT_NEAR(found.variance()(static_cast<Index>(c)), variance, 4.8e-7 * variance);
    }
  }
}

TEST(MomentsValues, AreDefinedByCountMeanAndSquaredDeviations) {
  Eigen::MatrixXd x(4, 2);
  x << 1, -3, 2, -3, 3, 5, 6, 5;
  const Moments found = moments(x);
  EXPECT_EQ(found.count, 4);
  EXPECT_DOUBLE_EQ(found.mean(0), 3);
  EXPECT_DOUBLE_EQ(found.m2(0), 14);
  EXPECT_DOUBLE_EQ(found.mean(1), 1);
  EXPECT_DOUBLE_EQ(found.m2(1), 64);
  EXPECT_DOUBLE_EQ(found.variance()(0), 14.0 / 4);
  EXPECT_DOUBLE_EQ(found.unbiased_variance()(0), 14.0 / 3);
}

TEST(MomentsMerge, HasAnIdentity) {
  const Moments whole = moments(samples(17));
  Moments left, right = whole;
  left.merge(whole);
  right.merge(Moments{});
  for (const Moments& merged : {left, right}) {
    EXPECT_EQ(merged.count, whole.count);
    EXPECT_TRUE(same_bits(merged.mean, whole.mean));
    EXPECT_TRUE(same_bits(merged.m2, whole.m2));
  }
  Moments nothing;
  nothing.merge(Moments{});
  EXPECT_EQ(nothing.count, 0);
}

TEST(MomentsMerge, TakesEmptyBatchesForNothing) {
  const Moments whole = moments(samples(17));
  Moments merged = moments(samples(0));
  EXPECT_EQ(merged.count, 0);
  merged.merge(whole);
  merged.merge(moments(samples(0)));
  EXPECT_EQ(merged.count, 17);
  EXPECT_TRUE(same_bits(merged.mean, whole.mean));
  EXPECT_TRUE(same_bits(merged.m2, whole.m2));
}

TEST(MomentsMerge, OfUnevenChunksIsTheWhole) {
  const Matrix x = samples(1000);
  const Moments whole = moments(x);
  Moments merged;
  Index begin = 0;
  for (const Index size : {1, 2, 0, 67, 1, 500, 128, 301}) {
    merged.merge(moments(x.middleRows(begin, size)));
    begin += size;
  }
  ASSERT_EQ(begin, 1000);
  expect_close(merged, whole);
}

TEST(MomentsMerge, OfSingleValuesIsTheWhole) {
  const Eigen::MatrixXd x = samples(200).cast<double>();
  Moments merged;
  for (Index row = 0; row < 200; ++row) merged.merge(moments(x.middleRows(row, 1)));
  expect_equal(merged, moments(x));
}

TEST(MomentsMerge, IsAssociative) {
  const Moments a = moments(samples(3, 1)), b = moments(samples(64, 2)),
                c = moments(samples(19, 3));
  Moments left = a, right = b;
  left.merge(b);
  left.merge(c);
  right.merge(c);
  Moments all = a;
  all.merge(right);
  expect_equal(left, all);
}

TEST(MomentsMerge, DoesNotCareForTheOrder) {
  const Moments a = moments(samples(3, 1)), b = moments(samples(64, 2));
  Moments forth = a, back = b;
  forth.merge(b);
  back.merge(a);
  expect_equal(forth, back);
}

TEST(MomentsMerge, WithItselfDoublesCountAndDeviations) {
  Moments twice = moments(samples(64));
  const Moments once = twice;
  twice.merge(twice);
  EXPECT_EQ(twice.count, 2 * once.count);
  EXPECT_TRUE(twice.mean.isApprox(once.mean));
  EXPECT_TRUE(twice.m2.isApprox(2 * once.m2));
}

TEST(MomentsMerge, KeepsFarApartMeansExact) {
  Moments merged{1000, Eigen::ArrayXd::Constant(1, 1e9), Eigen::ArrayXd::Constant(1, 10)};
  merged.merge({3000, Eigen::ArrayXd::Constant(1, 1e9 + 4), Eigen::ArrayXd::Constant(1, 20)});
  EXPECT_DOUBLE_EQ(merged.mean(0), 1e9 + 3);
  EXPECT_DOUBLE_EQ(merged.m2(0), 30 + 16.0 * 750);
}

TEST(MomentsMerge, RefusesAnotherNumberOfChannels) {
  Moments three = moments(samples(4));
  const Moments before = three, five = moments(Matrix(Matrix::Random(4, 5)));
  try {
    three.merge(five);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& refusal) {
    const std::string message = refusal.what();
    EXPECT_NE(message.find('3'), std::string::npos) << message;
    EXPECT_NE(message.find('5'), std::string::npos) << message;
  }
  EXPECT_EQ(three.count, before.count);
  EXPECT_TRUE(same_bits(three.mean, before.mean));
}

const std::vector<double> distances{0, 1, 1e3, 1e4, 1e6};

/// The moments of one channel of float values: variance to 4.8e-7 of itself, mean to 1.2e-7
/// standard deviations, and to 1e-9 of them where |mean| is at least a thousand.
template <typename L>
void expect_moments(const std::vector<float>& data, const char* what) {
  const auto count = static_cast<Index>(data.size());
  const auto dimensions = L::dimensions(1, 1, count);
  Values values(L::shape(dimensions));
  reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
    values(o, c, i) = data[static_cast<std::size_t>(o * values.shape().inner + i)];
  });
  auto x = L::filled(dimensions, values);
  const batchnorm::Moments found = batchnorm::moments<typename L::Axis>(x.get());
  const reference::Statistics expected = reference::batch_statistics(values);
  const double mean = expected.mean[0], variance = expected.variance[0];
  const double deviation = std::sqrt(variance);
  const double allowed = std::abs(mean) >= 1e3 * deviation ? 1e-9 : 1.2e-7;
  EXPECT_NEAR(found.mean(0), mean, allowed * deviation) << what << ", " << count << " values";
  EXPECT_NEAR(found.variance()(0), variance, 4.8e-7 * variance)
      << what << ", " << count << " values";
}

std::vector<float> generated(Index count, double mean) {
  std::vector<float> data;
  for (Index k = 0; k < count; ++k)
    data.push_back(static_cast<float>(mean + 1.7 * noise(141, k, 0, 0)));
  return data;
}

TYPED_TEST(MomentsOf, ValuesAtAnyDistance) {
  for (const double distance : distances)
    for (const Index count : {2, 3, 7, 16, 63, 64, 65, 1000, 100000})
      expect_moments<TypeParam>(generated(count, distance), "noise");
}

TYPED_TEST(MomentsOf, AMillionValues) {
  for (const double distance : {1.0, 1e6})
    expect_moments<TypeParam>(generated(1000000, distance), "noise");
}

// A block that is shifted by its first value must survive a first value that tells nothing.
TYPED_TEST(MomentsOf, ValuesWithAnOutlier) {
  for (const double distance : distances)
    for (const Index count : {3, 16, 65, 1000, 100000})
      for (const float outlier : {1e3F, -1e6F}) {
        for (const Index position : {Index{0}, count / 2, count - 1}) {
          std::vector<float> data = generated(count, distance);
          data[static_cast<std::size_t>(position)] = outlier;
          expect_moments<TypeParam>(data, "outlier");
        }
      }
}

TYPED_TEST(MomentsOf, OrderedData) {
  for (const Index count : {64, 1000, 100000}) {
    std::vector<float> sorted = generated(count, 5), ramp, runs, rectified = generated(count, 0);
    std::sort(sorted.begin(), sorted.end());
    for (Index k = 0; k < count; ++k) {
      ramp.push_back(1e4F + static_cast<float>(k));
      runs.push_back(static_cast<float>(k / 37 % 5) * 100.1F);
    }
    for (float& value : rectified) value = std::max(value, 0.0F);
    expect_moments<TypeParam>(sorted, "sorted");
    expect_moments<TypeParam>(ramp, "ramp");
    expect_moments<TypeParam>(runs, "runs");
    expect_moments<TypeParam>(rectified, "rectified");
  }
}

// Columns that overlap, and a stride of 0, give more elements than 32 bits can count and need
// little memory. What is left out or read elsewhere shows in every mean, or in m2.
TEST(Huge, MomentsOfMoreThanTwoToThe31Elements) {
  using Overlapping =
      Eigen::Map<const MatrixOf<float, Eigen::ColMajor>, 0, Eigen::OuterStride<Eigen::Dynamic>>;
  const Index count = Index{1} << 16, columns = (Index{1} << 15) + 1;
  const Eigen::VectorXf ramp =
      Eigen::VectorXf::LinSpaced(count + columns - 1, 0, static_cast<float>(count + columns - 2));
  const Moments found =
      moments(Overlapping(ramp.data(), count, columns, Eigen::OuterStride<Eigen::Dynamic>(1)));
  const auto n = static_cast<double>(count);
  EXPECT_EQ(found.count, count);
  ASSERT_EQ(found.mean.size(), columns);
  for (Index c = 0; c < columns; ++c) {
    ASSERT_NEAR(found.mean(c), static_cast<double>(c) + (n - 1) / 2, 1e-7 * n) << c;
    ASSERT_NEAR(found.m2(c), n * (n * n - 1) / 12, 4.8e-7 * n * n * n / 12) << c;
  }
}

TEST(Huge, SumsOfMoreThanTwoToThe31ValuesPerChannel) {
  const Index inner = Index{1} << 16, outer = (Index{1} << 15) + 1;
  Eigen::VectorXf row(inner);
  for (Index i = 0; i < inner; ++i) row(i) = i % 2 == 0 ? 1.0F : -1.0F;
  batchnorm::View<const float> view{row.data(), outer, 1, inner, 0, 0, 1};
  Moments found{static_cast<double>(view.count()), Eigen::ArrayXd(1), Eigen::ArrayXd(1), {}};
  batchnorm::detail::SumsWorkspace workspace;
  const batchnorm::detail::ChannelMoments to{found.mean.data(), nullptr, found.m2.data()};
  batchnorm::detail::run_kernel<batchnorm::detail::calls::RangeMoments<float>>(
      batchnorm::detail::Executor{}, batchnorm::detail::ChannelRange{0, 1}, view,
      batchnorm::NonFinite::reject, workspace, to);
  EXPECT_GT(found.count, Index{1} << 31);
  EXPECT_EQ(found.mean(0), 0);
  EXPECT_EQ(found.m2(0), static_cast<double>(outer) * static_cast<double>(inner));
}

TEST(MomentsThatAreIncomplete, AreRefusedAndChangeNothing) {
  const Moments whole = moments(samples(10));
  const auto refuses = [&](const auto& change) {
    Moments broken = whole;
    change(broken);
    Moments all = whole;
    EXPECT_THROW(all.merge(broken), std::invalid_argument);
    EXPECT_TRUE((all.mean == whole.mean).all());
    EXPECT_EQ(all.count, whole.count);
    EXPECT_THROW(broken.merge(whole), std::invalid_argument);
  };
  refuses([](Moments& m) { m.m2.resize(0); });
  refuses([](Moments& m) { m.m2.setZero(2); });
  refuses([](Moments& m) { m.mean_low.setZero(1); });
  refuses([](Moments& m) { m.count = -10; });
  refuses([](Moments& m) { m.mean.setZero(4); });
  Moments without_low = whole;
  without_low.mean_low.resize(0);
  EXPECT_NO_THROW(without_low.merge(whole));
}

}  // namespace
