#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>

#include "shared.hpp"

Eigen::MatrixXf serial_step(const Eigen::MatrixXf& x) {
  batchnorm::BatchNorm<float> norm(x.cols());
  const Eigen::MatrixXf y = norm.forward(x);
  return norm.backward(x, y);
}

TEST(TranslationUnits, WithAndWithoutThreadsLinkIntoOneProgramAndAgree) {
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(100003, 3);
  EXPECT_EQ(serial_step(x), threaded_step(x));
}
