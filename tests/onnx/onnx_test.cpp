#include <gtest/gtest.h>

#include <algorithm>
#include <batchnorm/batchnorm.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <string>
#include <unsupported/Eigen/CXX11/Tensor>
#include <vector>

#include "npy.hpp"

namespace batchnorm_tests::onnx {
namespace {

using Tensor = Eigen::Tensor<float, 4, Eigen::RowMajor>;

struct Case {
  std::string name;
  double epsilon;
};

std::ostream& operator<<(std::ostream& out, const Case& which) { return out << which.name; }

std::filesystem::path data_folder() { return std::filesystem::path(BATCHNORM_TEST_DATA) / "onnx"; }

Array read(const Case& which, const std::string& file) {
  return read_npy((data_folder() / which.name / file).string());
}

Tensor input(const Case& which) {
  const Array x = read(which, "x.npy");
  EXPECT_EQ(x.shape, (std::vector<std::int64_t>{2, 3, 4, 5}));
  Tensor result(2, 3, 4, 5);
  std::transform(x.values.begin(), x.values.end(), result.data(),
                 [](double value) { return static_cast<float>(value); });
  return result;
}

batchnorm::State<float> state_before(const Case& which) {
  const Array params = read(which, "params.npy");
  EXPECT_EQ(params.shape, (std::vector<std::int64_t>{4, 3}));
  const auto row = [&](Eigen::Index i) -> Eigen::VectorXf {
    return Eigen::Map<const Eigen::VectorXd>(params.values.data() + 3 * i, 3).cast<float>();
  };
  return {.gamma = row(0),
          .beta = row(1),
          .running_mean = row(2).cast<double>(),
          .running_variance = row(3).cast<double>(),
          .batches = 0,
          .rejected = {}};
}

batchnorm::Options options(const Case& which) {
  return {.epsilon = which.epsilon,
          .momentum = batchnorm::decay(0.9),
          .running_variance = batchnorm::RunningVariance::biased};
}

/// The comparison of ONNX's test runner.
template <typename Scalar>
void expect_close(const Scalar* got, std::size_t count, const double* expected) {
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_LE(std::abs(got[i] - expected[i]), 1e-7 + 1e-3 * std::abs(expected[i])) << "at " << i;
  }
}

void expect_output(const Case& which, const Tensor& y) {
  const Array expected = read(which, "literal_y.npy");
  ASSERT_EQ(expected.shape, (std::vector<std::int64_t>{2, 3, 4, 5}));
  ASSERT_EQ(y.dimensions(), (Eigen::array<Eigen::Index, 4>{2, 3, 4, 5}));
  expect_close(y.data(), expected.values.size(), expected.values.data());
}

class OnnxEvaluation : public ::testing::TestWithParam<Case> {};

TEST_P(OnnxEvaluation, GivesThePublishedOutput) {
  const batchnorm::BatchNorm<float, batchnorm::Eval> layer(state_before(GetParam()),
                                                           options(GetParam()));
  expect_output(GetParam(), layer.forward(input(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(Published, OnnxEvaluation,
                         ::testing::Values(Case{"batchnorm_example", 1e-5},
                                           Case{"batchnorm_epsilon", 1e-2}),
                         [](const auto& test) { return test.param.name; });

class OnnxTraining : public ::testing::TestWithParam<Case> {};

TEST_P(OnnxTraining, GivesThePublishedOutputAndRunningStatistics) {
  batchnorm::BatchNorm<float> layer(state_before(GetParam()), options(GetParam()));
  expect_output(GetParam(), layer.forward(input(GetParam())));
  const Array after = read(GetParam(), "literal_c.npy");
  ASSERT_EQ(after.shape, (std::vector<std::int64_t>{1, 2, 3}));
  expect_close(layer.running_mean().data(), 3, after.values.data());
  expect_close(layer.running_variance().data(), 3, after.values.data() + 3);
}

INSTANTIATE_TEST_SUITE_P(Published, OnnxTraining,
                         ::testing::Values(Case{"batchnorm_example_training_mode", 1e-5},
                                           Case{"batchnorm_epsilon_training_mode", 1e-2}),
                         [](const auto& test) { return test.param.name; });

std::string npy(const std::string& header, std::size_t data_bytes) {
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header +
         std::string(data_bytes, '\0');
}

TEST(Npy, RefusesWhatItCannotRead) {
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
  const std::string columns = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n";
  const std::string integers = "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }\n";
  EXPECT_EQ(parse_npy(npy(header, 24)).shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_THROW(parse_npy(npy(header, 23)), std::runtime_error);
  EXPECT_THROW(parse_npy(npy(header, 25)), std::runtime_error);
  EXPECT_THROW(parse_npy(npy(columns, 24)), std::runtime_error);
  EXPECT_THROW(parse_npy(npy(integers, 24)), std::runtime_error);
  EXPECT_THROW(parse_npy("not an array"), std::runtime_error);
  EXPECT_THROW(read_npy((data_folder() / "missing.npy").string()), std::runtime_error);
}

}  // namespace
}  // namespace batchnorm_tests::onnx
