#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <cmath>

#include "fixtures.hpp"
#include "reference.hpp"

// Built with -ffast-math, which lets a compiler take (a + b) - a for b: exact sums stay exact.

namespace {

template <int Order>
Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Order> around(double mean, Eigen::Index rows,
                                                                   Eigen::Index channels) {
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Order> x(rows, channels);
  for (Eigen::Index o = 0; o < rows; ++o) {
    for (Eigen::Index c = 0; c < channels; ++c)
      x(o, c) = static_cast<float>(mean + fixtures::noise(401, o, c, 0));
  }
  return x;
}

template <typename Order>
class FastMath : public ::testing::Test {};
using Orders = ::testing::Types<std::integral_constant<int, Eigen::RowMajor>,
                                std::integral_constant<int, Eigen::ColMajor>>;
TYPED_TEST_SUITE(FastMath, Orders);

TYPED_TEST(FastMath, LeavesMomentsExact) {
  for (const double mean : {0.0, 1.0, 1e3, 1e6})
    for (const Eigen::Index rows : {64, 331, 20011}) {
      const auto x = around<TypeParam::value>(mean, rows, 19);
      const batchnorm::Moments found = batchnorm::moments(x);
      for (Eigen::Index c = 0; c < x.cols(); ++c) {
        const Eigen::ArrayXd values = x.col(c).template cast<double>().array();
        const double m2 = (values - values.mean()).square().sum();
        const double deviation = std::sqrt(m2 / static_cast<double>(rows));
        EXPECT_NEAR(found.mean(c), values.mean(), 1e-9 * deviation) << mean << ", " << rows;
        EXPECT_NEAR(found.m2(c), m2, 4.8e-7 * m2) << mean << ", " << rows;
      }
    }
}

}  // namespace
