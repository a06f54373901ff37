#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "cases.hpp"
#include "follower.hpp"
#include "inputs.hpp"
#include "values.hpp"

namespace batchnorm_tests::pytorch {
namespace {

using batchnorm::NoAffine;
using batchnorm::NoRunningStatistics;
using batchnorm::ReLU;
using batchnorm::ScaleOnly;
using batchnorm::ShiftOnly;

template <typename Scalar, int Rank, typename... Policies>
using Plain = Kind<Scalar, Rank, false, Policies...>;
template <typename Scalar, int Rank, typename... Policies>
using WithResidual = Kind<Scalar, Rank, true, Policies...>;

template <typename K>
void follow(const Case& which) {
  Follower<K> follower(which);
  follower.train();
  follower.evaluate();
  EXPECT_EQ(follower.rest(), "");
}

/// A case and the kind of layer that follows it.
struct Row {
  std::string name;
  std::string scalar;
  void (*follow)(const Case&);
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.name << " in " << row.scalar;
}

template <typename K>
Row row(const std::string& name) {
  return {name, std::is_same_v<typename K::Scalar, double> ? "double" : "float", &follow<K>};
}

// Values in `double` are compared with both types: every input is exact in `float`.
std::vector<Row> rows() {
  return {
      row<Plain<float, 2>>("nc"),
      row<Plain<float, 2>>("nc_two_samples"),
      row<Plain<float, 2>>("nc_single_channel"),
      row<Plain<float, 2>>("nc_offset"),
      row<Plain<float, 2, NoAffine>>("nc_no_affine"),
      row<Plain<float, 3>>("ncl"),
      row<Plain<float, 3>>("ncl_cumulative"),
      row<Plain<float, 3>>("ncl_cumulative_uneven"),
      row<Plain<float, 3>>("ncl_large_epsilon"),
      row<Plain<float, 4>>("nchw"),
      row<Plain<float, 4>>("nchw_slow"),
      row<Plain<float, 4>>("nchw_offset"),
      row<Plain<float, 4>>("nchw_two_samples_single_channel"),
      row<Plain<float, 4, NoAffine>>("nchw_no_affine"),
      row<Plain<float, 4, ScaleOnly>>("nchw_scale_only"),
      row<Plain<float, 4, ShiftOnly>>("nchw_shift_only"),
      row<Plain<float, 4, NoRunningStatistics>>("nchw_untracked"),
      row<Plain<float, 4, NoAffine, NoRunningStatistics>>("nchw_no_affine_untracked"),
      row<Plain<float, 4, ReLU>>("nchw_relu"),
      row<WithResidual<float, 4>>("nchw_residual"),
      row<WithResidual<float, 4, ReLU>>("nchw_residual_relu"),
      row<Plain<float, 5>>("ncdhw"),
      row<Plain<float, 5>>("ncdhw_cumulative"),
      row<Plain<double, 2>>("double_nc"),
      row<Plain<float, 2>>("double_nc"),
      row<Plain<double, 3>>("double_ncl_cumulative"),
      row<Plain<float, 3>>("double_ncl_cumulative"),
      row<Plain<double, 4>>("double_nchw_offset"),
      row<Plain<float, 4>>("double_nchw_offset"),
      row<WithResidual<double, 4, ReLU>>("double_nchw_residual_relu"),
      row<WithResidual<float, 4, ReLU>>("double_nchw_residual_relu"),
      row<Plain<double, 5>>("double_ncdhw"),
      row<Plain<float, 5>>("double_ncdhw"),
  };
}

Case case_named(const std::string& name) {
  const std::vector<Case> all = cases();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Case& candidate) { return candidate.name == name; });
  if (found == all.end()) {
    throw std::runtime_error("no case is named " + name);
  }
  return *found;
}

class PyTorch : public ::testing::TestWithParam<Row> {};

TEST_P(PyTorch, AgreesWithinRoundoff) {
  const Case which = case_named(GetParam().name);
  GetParam().follow(which);
}

INSTANTIATE_TEST_SUITE_P(Cases, PyTorch, ::testing::ValuesIn(rows()), [](const auto& row) {
  return row.param.name + "_in_" + row.param.scalar;
});

TEST(PyTorchCases, AreTwentyAtLeastAndAllFollowed) {
  std::set<std::string> named;
  std::set<std::string> followed;
  for (const Case& which : cases()) {
    named.insert(which.name);
  }
  for (const Row& row : rows()) {
    followed.insert(row.name);
  }
  EXPECT_EQ(named, followed);
  EXPECT_GE(named.size(), 20U);
  EXPECT_EQ(named.size(), cases().size());
}

TEST(PyTorchCases, WithoutAFileOrAValueAreRefused) {
  EXPECT_THROW(Values(values_file("of_no_case"), Precision::single), std::runtime_error);
  Values values(values_file("nc"), Precision::single);
  EXPECT_EQ(values.get("train0.y", 24).size(), 24U);
  EXPECT_THROW(values.get("train0.y", 23), std::runtime_error);
  EXPECT_THROW(values.get("of_no_name", 24), std::runtime_error);
}

// The generator hashes integers; the same bits everywhere are what its stored values rest on.
TEST(PyTorchCases, InputsAreExactInFloat) {
  for (const Case& which : cases()) {
    const Batch input = batch(which, 0);
    EXPECT_TRUE(std::all_of(input.x.begin(), input.x.end(), [](double value) {
      return static_cast<double>(static_cast<float>(value)) == value;
    })) << which.name;
  }
}

}  // namespace
}  // namespace batchnorm_tests::pytorch
