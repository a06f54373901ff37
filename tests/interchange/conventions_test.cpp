#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <batchnorm/conventions.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "../fixtures.hpp"

// Each system's own formula of inference, from its own arrays, is what a layer of the converted
// state computes; and the way back gives arrays of the same function.

namespace {

using namespace fixtures;
using namespace batchnorm;
using Vector = Eigen::VectorXf;

/// Arrays of four channels, the last of which does not vary.
Vector scales() { return Eigen::Vector4f(1.5F, -0.75F, 2, 1); }
Vector shifts() { return Eigen::Vector4f(0, 0.5F, -3, 0.25F); }
Vector means() { return Eigen::Vector4f(0.1F, -2, 30, 1); }
Vector variances() { return Eigen::Vector4f(1, 0.25F, 9, 0); }

/// y of a channel from x, and the channel's four values.
using Formula =
    std::function<double(double x, double gamma, double beta, double mean, double variance)>;

Formula with_epsilon(double epsilon) {
  return [=](double x, double gamma, double beta, double mean, double variance) {
    return gamma * (x - mean) / std::sqrt(variance + epsilon) + beta;
  };
}

template <typename... Policies>
void expect_formula(const State<float>& state, double epsilon, const Formula& formula,
                    const Vector& gamma = scales(), const Vector& beta = shifts(),
                    const Vector& mean = means(), const Vector& variance = variances()) {
  const BatchNorm<float, Eval, Policies...> norm(state, {.epsilon = epsilon});
  const Eigen::MatrixXf x = noise_matrix<float>(9, 4, 3).rowwise() + mean.transpose();
  const Eigen::MatrixXf y = norm.forward(x);
  for (Index n = 0; n < x.rows(); ++n) {
    for (Index c = 0; c < 4; ++c) {
      const double expected = formula(x(n, c), gamma[c], beta[c], mean[c], variance[c]);
      EXPECT_NEAR(y(n, c), expected, 1e-6 * (1 + std::abs(expected))) << "channel " << c;
    }
  }
}

TEST(Conventions, Caffe) {
  const CaffeBlobs sums{.mean = 8 * means(),
                        .variance = 8 * variances(),
                        .factor = 8,
                        .scale = scales(),
                        .bias = shifts()};
  expect_formula(from_caffe(sums, CaffeOf::bvlc), 1e-5, with_epsilon(1e-5));
  CaffeBlobs averages{
      .mean = means(), .variance = variances(), .factor = 0, .scale = scales(), .bias = shifts()};
  expect_formula(from_caffe(averages, CaffeOf::nvidia), 1e-5, with_epsilon(1e-5));
  const State<float> nothing = from_caffe(averages, CaffeOf::bvlc);
  EXPECT_TRUE(nothing.running_mean.isZero(0) && nothing.running_variance.isZero(0));
  for (const CaffeOf origin : {CaffeOf::bvlc, CaffeOf::nvidia}) {
    EXPECT_TRUE(same_bits(from_caffe(to_caffe(from_caffe(sums, CaffeOf::bvlc)), origin),
                          from_caffe(sums, CaffeOf::bvlc)));
  }
}

/// The constant stands outside the root: a channel that does not vary is scaled by 1e6.
TEST(Conventions, Darknet) {
  const Formula darknet = [](double x, double gamma, double beta, double mean, double variance) {
    return gamma * (x - mean) / (std::sqrt(variance) + 1e-6) + beta;
  };
  const DarknetArrays arrays{.biases = shifts(),
                             .scales = scales(),
                             .rolling_mean = means(),
                             .rolling_variance = variances()};
  expect_formula(from_darknet(arrays), 0, darknet);

  State<float> state = from_darknet(arrays);
  state.running_variance = variances().cast<double>();
  const DarknetArrays back = to_darknet(state, 1e-5);
  expect_formula(from_darknet(back), 0, with_epsilon(1e-5));
  expect_refused([&] { (void)to_darknet(state, 0); }, "expected deviations of at least 1e-6");
}

TEST(Conventions, Mxnet) {
  const MxnetArrays arrays{
      .gamma = scales(), .beta = shifts(), .moving_mean = means(), .moving_var = variances()};
  expect_formula(from_mxnet(arrays, false), 1e-3, with_epsilon(1e-3));
  expect_formula<ShiftOnly>(from_mxnet(arrays, true), 1e-3, with_epsilon(1e-3), Vector::Ones(4));
  EXPECT_TRUE(to_mxnet(from_mxnet(arrays, true)).gamma.isOnes(0));
  EXPECT_TRUE(
      same_bits(from_mxnet(to_mxnet(from_mxnet(arrays, false)), false), from_mxnet(arrays, false)));
}

TEST(Conventions, Dlib) {
  DlibTensors tensors{
      .parameters = Vector(8), .running_means = means(), .running_variances = variances()};
  tensors.parameters << scales(), shifts();
  expect_formula(from_dlib(tensors), 1e-4, with_epsilon(1e-4));
  EXPECT_EQ(to_dlib(from_dlib(tensors)).parameters, tensors.parameters);
  tensors.parameters.conservativeResize(4);
  expect_refused([&] { (void)from_dlib(tensors); }, "of 4 channels, got 4 parameters");
}

TEST(Conventions, InplaceAbn) {
  const State<float> theirs{.gamma = scales(),
                            .beta = shifts(),
                            .running_mean = means().cast<double>(),
                            .running_variance = variances().cast<double>()};
  const Formula abn = [](double x, double weight, double beta, double mean, double variance) {
    return (std::abs(weight) + 1e-3) * (x - mean) / std::sqrt(variance + 1e-3) + beta;
  };
  const State<float> ours = from_inplace_abn(theirs, 1e-3);
  expect_formula(ours, 1e-3, abn);
  EXPECT_TRUE(to_inplace_abn(ours, 1e-3).gamma.isApprox(scales().cwiseAbs(), 1e-6F));
  expect_refused([&] { (void)to_inplace_abn(theirs, 1e-3); }, "got -0.75");
  State<float> silent = theirs;
  silent.gamma.setZero();
  EXPECT_TRUE(to_inplace_abn(from_inplace_abn(silent, 1e-5), 1e-5).gamma.isZero(1e-9F));
}

TEST(Conventions, Rtneural) {
  expect_formula(from_rtneural({scales(), shifts(), means(), variances()}), 1e-3,
                 with_epsilon(1e-3));
  expect_formula<NoAffine>(from_rtneural({means(), variances()}), 1e-3, with_epsilon(1e-3),
                           Vector::Ones(4), Vector::Zero(4));
  expect_refused([] { (void)from_rtneural({scales(), means(), variances()}); }, "got 3 arrays");
  State<float> state = from_rtneural({scales(), shifts(), means(), variances()});
  EXPECT_EQ(to_rtneural(state).size(), 4U);
  state.beta.resize(0);
  EXPECT_EQ(to_rtneural(state).size(), 4U);
  EXPECT_TRUE(to_rtneural(state)[1].isZero(0));
  state.gamma.resize(0);
  EXPECT_EQ(to_rtneural(state).size(), 2U);
}

TEST(Conventions, WhatAStateDoesNotHaveIsOneOrZero) {
  State<float> state;
  state.running_mean = means().cast<double>();
  state.running_variance = variances().cast<double>();
  EXPECT_TRUE(to_dlib(state).parameters.head(4).isOnes(0) &&
              to_dlib(state).parameters.tail(4).isZero(0));
  EXPECT_TRUE(to_darknet(state, 1e-3).scales.isOnes(0) && to_arm_nn(state).beta.isZero(0));
  state.running_mean.resize(0);
  state.gamma = scales();
  expect_refused([&] { (void)to_dlib(state); }, "got 0 means");
  expect_refused([&] { (void)to_mxnet(state); }, "got 0 means");
}

TEST(Conventions, ArmNn) {
  const ArmNnArguments arguments{
      .mean = means(), .variance = variances(), .beta = shifts(), .gamma = scales()};
  expect_formula(from_arm_nn(arguments), 1e-4, with_epsilon(1e-4));
  EXPECT_EQ(to_arm_nn(from_arm_nn(arguments)).gamma, scales());
  EXPECT_EQ(to_arm_nn(from_arm_nn(arguments)).beta, shifts());
}

}  // namespace
