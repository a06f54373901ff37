#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "layouts.hpp"

// Double data: what a loop of two passes in a wider type gives, up to the roundings of double, for
// means of up to 10^8 deviations, outliers anywhere, and any number of values.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Moments, batchnorm::Train;

/// What the variance of double data may be off, relative; and y, in roundoffs of its terms.
constexpr double variance_roundoffs = 64;
constexpr double output_roundoffs = 8;

/// Where one value lies far from all others.
enum class Outlier { none, first, middle, last };

struct Data {
  double mean = 0;  // in deviations
  Outlier outlier = Outlier::none;
  double distance = 0;  // of the outlier
};

std::vector<Data> all_data() {
  std::vector<Data> result;
  for (const double mean : {0.0, 1.0, -1e4, 1e8}) {
    result.push_back({mean, Outlier::none, 0});
    for (const Outlier outlier : {Outlier::first, Outlier::middle, Outlier::last})
      for (const double distance : {30.0, -1e4, 1e8}) result.push_back({mean, outlier, distance});
  }
  return result;
}

Values values_of(const reference::Shape& shape, const Data& data) {
  Values values(shape);
  const Index at = data.outlier == Outlier::first    ? 0
                   : data.outlier == Outlier::middle ? shape.count() / 2
                                                     : shape.count() - 1;
  reference::for_each(shape, [&](Index o, Index c, Index i) {
    const bool out = data.outlier != Outlier::none && o * shape.inner + i == at;
    values(o, c, i) = data.mean + 1.7 * noise(171, o, c, i) + (out ? data.distance : 0);
  });
  return values;
}

/// Mean and variance of a channel from one of its values on, which keeps all digits.
struct Wide {
  long double origin, shift, variance;

  Wide(const Values& x, Index c) : origin(ordinary(x, c)) {
    const reference::Shape& shape = x.shape();
    const auto average = [&](const auto& term) {
      long double sum = 0;
      for (Index o = 0; o < shape.outer; ++o)
        for (Index i = 0; i < shape.inner; ++i) sum += term(x(o, c, i) - origin);
      return sum / static_cast<long double>(shape.count());
    };
    shift = average([](long double d) { return d; });
    variance = average([this](long double d) { return (d - shift) * (d - shift); });
  }

  /// One of three values: not the outlier.
  static double ordinary(const Values& x, Index c) {
    const reference::Shape& shape = x.shape();
    const Index at = shape.count() / 2;
    const double a = x(0, c, 0), b = x(at / shape.inner, c, at % shape.inner),
                 z = x(shape.outer - 1, c, shape.inner - 1);
    return std::max(std::min(a, b), std::min(std::max(a, b), z));
  }

  double normalized(double value, double epsilon) const {
    return static_cast<double>((value - origin - shift) / std::sqrt(variance + epsilon));
  }
};

template <typename L>
class Double : public ::testing::Test {
 protected:
  static constexpr double u = roundoff<double>;

  static double variance_error(const Moments& found, const Values& x) {
    double worst = 0;
    for (Index c = 0; c < x.shape().channels; ++c) {
      const auto expected = static_cast<double>(Wide(x, c).variance);
      worst = std::max(worst, error_in(u * expected, found.variance()(c), expected));
    }
    return worst;
  }

  static double output_error(const Values& y, const Values& x,
                             const batchnorm::State<double>& state) {
    double worst = 0;
    for (Index c = 0; c < x.shape().channels; ++c) {
      const Wide wide(x, c);
      for (Index o = 0; o < x.shape().outer; ++o)
        for (Index i = 0; i < x.shape().inner; ++i) {
          const double hat = wide.normalized(x(o, c, i), 1e-5);
          const double terms =
              std::abs(state.gamma(c)) * std::max(std::abs(hat), 1.0) + std::abs(state.beta(c));
          worst = std::max(worst,
                           error_in(u * terms, y(o, c, i), state.gamma(c) * hat + state.beta(c)));
        }
    }
    return worst;
  }

  static void expect_exact(const typename L::Dims& dimensions, const Data& data) {
    const Values values = values_of(L::shape(dimensions), data);
    const auto state = some_state<double>(values.shape().channels);
    auto x = L::filled(dimensions, values);
    typename L::Kind y(dimensions);
    SCOPED_TRACE("mean " + std::to_string(data.mean) + ", outlier " +
                 std::to_string(static_cast<int>(data.outlier)) + " at " +
                 std::to_string(data.distance) + ", " + std::to_string(values.shape().count()) +
                 " values");
    EXPECT_LE(variance_error(batchnorm::moments<typename L::Axis>(x.get()), values),
              variance_roundoffs);
    BatchNorm<double, Train, typename L::Axis> layer(state);
    layer.forward(x.get(), y.get());
    EXPECT_LE(output_error(L::values(y, dimensions), values, state), output_roundoffs);
  }
};
TYPED_TEST_SUITE(Double, LayoutsOf<double>::All, LayoutName);

struct Extent {
  Index samples, channels, spatial;
};

TYPED_TEST(Double, IsExactForFewValues) {
  const std::vector<Extent> few{{2, 3, 1},   {1, 3, 2},  {3, 5, 1},   {1, 9, 3},   {7, 2, 1},
                                {5, 3, 3},   {16, 9, 1}, {17, 3, 1},  {4, 4, 4},   {63, 5, 1},
                                {64, 17, 1}, {8, 3, 8},  {1, 2, 64},  {65, 3, 1},  {5, 3, 13},
                                {4, 3, 49},  {8, 2, 64}, {1, 2, 512}, {27, 2, 19}, {100, 3, 1}};
  for (const Data& data : all_data())
    for (const auto& [samples, channels, spatial] : few)
      this->expect_exact(TypeParam::dimensions(samples, channels, spatial), data);
}

TYPED_TEST(Double, IsExactForManyValues) {
  const std::vector<Extent> many{{1000, 3, 1}, {4099, 2, 1}, {64, 17, 16}, {9, 2, 1037},
                                 {2, 1, 9999}, {700, 1, 9},  {3000, 5, 3}, {300, 3, 49}};
  for (const Data& data : all_data())
    for (const auto& [samples, channels, spatial] : many)
      this->expect_exact(TypeParam::dimensions(samples, channels, spatial), data);
}

TYPED_TEST(Double, IsExactForTenMillionValues) {
  for (const Data& data : {Data{1e8, Outlier::none, 0}, Data{1e8, Outlier::first, 1e8}})
    this->expect_exact(TypeParam::dimensions(10000, 1, 1000), data);
}

// Ramps and steps keep no origin for long.
TYPED_TEST(Double, IsExactForValuesInOrder) {
  for (const Index spatial : {1, 37, 1000}) {
    const auto dimensions = TypeParam::dimensions(70, 3, spatial);
    const reference::Shape shape = TypeParam::shape(dimensions);
    for (const bool step : {false, true}) {
      Values values(shape);
      reference::for_each(shape, [&](Index o, Index c, Index i) {
        const auto place = static_cast<double>(o * shape.inner + i) / double(shape.count());
        values(o, c, i) = 1e6 + (step ? (place < 0.3 ? 0.1 : 1.7) : place);
      });
      auto x = TypeParam::filled(dimensions, values);
      EXPECT_LE(this->variance_error(batchnorm::moments<typename TypeParam::Axis>(x.get()), values),
                variance_roundoffs);
    }
  }
}

/// The moments of rows of `x`, cut into parts of `size`, and merged by `merge`.
template <typename Merge>
Moments merged(const MatrixOf<double, Eigen::RowMajor>& x, Index size, const Merge& merge) {
  std::vector<Moments> parts;
  for (Index row = 0; row < x.rows(); row += size)
    parts.push_back(batchnorm::moments(x.middleRows(row, std::min(size, x.rows() - row))));
  return merge(parts);
}

// The means of parts lie many deviations from 0 and next to nothing from each other.
TEST(DoubleMoments, KeepTheVarianceUnderMerging) {
  for (const double mean : {1e6, -1e8})
    for (const Index size : {1, 7, 64, 1000}) {
      const reference::Shape shape{4096, 3, 1};
      const Values values = values_of(shape, {mean, Outlier::none, 0});
      MatrixOf<double, Eigen::RowMajor> x(shape.outer, shape.channels);
      write(x, Dimensions<2>{shape.outer, shape.channels}, 1, values);
      const auto in_a_row = [](const std::vector<Moments>& parts) {
        Moments all;
        for (const Moments& part : parts) all.merge(part);
        return all;
      };
      const auto as_a_tree = [](std::vector<Moments> parts) {
        for (std::size_t step = 1; step < parts.size(); step *= 2)
          for (std::size_t k = 0; k + step < parts.size(); k += 2 * step)
            parts[k].merge(parts[k + step]);
        return parts[0];
      };
      for (const Moments& found : {merged(x, size, in_a_row), merged(x, size, as_a_tree)})
        for (Index c = 0; c < shape.channels; ++c) {
          const Wide wide(values, c);
          const auto variance = static_cast<double>(wide.variance);
          EXPECT_NEAR(found.variance()(c), variance, variance_roundoffs * 0x1p-53 * variance)
              << "mean " << mean << ", parts of " << size;
          const auto off = (found.mean(c) - wide.origin) + found.mean_low(c) - wide.shift;
          EXPECT_LE(std::abs(off), 1e-14L) << "mean " << mean << ", parts of " << size;
        }
    }
}

}  // namespace
