#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <cstdint>
#include <set>
#include <vector>

// From Eigen objects to the one view, the order in which it is walked, and what two views share.

namespace {

using batchnorm::Index, batchnorm::View;
using batchnorm::detail::arrange, batchnorm::detail::LoopOrder, batchnorm::detail::overlap;
using batchnorm::detail::Overlap;

using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Images = Eigen::Tensor<float, 4, Eigen::RowMajor>;
using ColumnImages = Eigen::Tensor<float, 4>;

std::vector<const float*> addresses(const View<const float>& view) {
  std::vector<const float*> result;
  for (Index o = 0; o < view.outer; ++o)
    for (Index c = 0; c < view.channels; ++c)
      for (Index i = 0; i < view.inner; ++i) result.push_back(&view(o, c, i));
  return result;
}

std::set<const float*> address_set(const View<const float>& view) {
  const auto all = addresses(view);
  return {all.begin(), all.end()};
}

std::set<const float*> channel_addresses(View<const float> view, Index channel) {
  view.data += channel * view.channel_stride;
  view.channels = 1;
  return address_set(view);
}

TEST(View, OfATensorHoldsEveryChannel) {
  Images x(2, 3, 4, 5);
  x.setZero();
  const auto first = batchnorm::detail::read_view(x, 1);
  const auto last = batchnorm::detail::read_view(x, 3);
  for (Index c = 0; c < 3; ++c) {
    std::set<const float*> expected;
    for (Index n = 0; n < 2; ++n)
      for (Index h = 0; h < 4; ++h)
        for (Index w = 0; w < 5; ++w) expected.insert(&x(n, c, h, w));
    EXPECT_EQ(channel_addresses(first, c), expected);
  }
  for (Index c = 0; c < 5; ++c) {
    std::set<const float*> expected;
    for (Index n = 0; n < 2; ++n)
      for (Index h = 0; h < 3; ++h)
        for (Index w = 0; w < 4; ++w) expected.insert(&x(n, h, w, c));
    EXPECT_EQ(channel_addresses(last, c), expected);
  }
}

TEST(View, OfAColumnMajorTensorHoldsEveryChannel) {
  ColumnImages x(2, 3, 4, 5);
  x.setZero();
  const auto view = batchnorm::detail::read_view(x, 1);
  for (Index c = 0; c < 3; ++c) {
    std::set<const float*> expected;
    for (Index n = 0; n < 2; ++n)
      for (Index h = 0; h < 4; ++h)
        for (Index w = 0; w < 5; ++w) expected.insert(&x(n, c, h, w));
    EXPECT_EQ(channel_addresses(view, c), expected);
  }
}

template <typename X>
LoopOrder order_of(const X& x, int axis) {
  auto view = batchnorm::detail::read_view(x, axis);
  const auto before = address_set(view);
  const LoopOrder order = arrange(view);
  EXPECT_EQ(address_set(view), before);
  if (order == LoopOrder::planes) {
    EXPECT_EQ(view.inner_stride, 1);
  }
  if (order == LoopOrder::rows) {
    EXPECT_EQ(view.channel_stride, 1);
    EXPECT_EQ(view.inner, 1);
  }
  return order;
}

TEST(Arrange, FindsTheFastOrder) {
  EXPECT_EQ(order_of(Images(2, 3, 4, 5), 1), LoopOrder::planes);
  EXPECT_EQ(order_of(Images(2, 3, 4, 5), 3), LoopOrder::rows);
  EXPECT_EQ(order_of(ColumnImages(2, 3, 4, 5), 1), LoopOrder::planes);
  EXPECT_EQ(order_of(ColumnImages(3, 2, 4, 5), 0), LoopOrder::rows);
  EXPECT_EQ(order_of(RowMatrix(4, 3), 1), LoopOrder::rows);
  EXPECT_EQ(order_of(Eigen::MatrixXf(4, 3), 1), LoopOrder::planes);
  EXPECT_EQ(order_of(RowMatrix(3, 4), 0), LoopOrder::planes);
  EXPECT_EQ(order_of(Images(2, 3, 1, 1), 1), LoopOrder::rows);
}

TEST(Arrange, MakesOneChannelOneRun) {
  for (const int axis : {1, 3}) {
    Images x(2, axis == 1 ? 1 : 6, 4, axis == 3 ? 1 : 5);
    x.setZero();
    auto view = batchnorm::detail::read_view(x, axis);
    EXPECT_EQ(arrange(view), LoopOrder::planes);
    EXPECT_EQ(view.inner, x.size());
  }
}

TEST(Arrange, LeavesStridesWithoutUnitToThePortableLoop) {
  const RowMatrix whole(8, 12);
  const auto x = Eigen::Map<const RowMatrix, 0, Eigen::Stride<Eigen::Dynamic, 2>>(
      whole.data(), 4, 3, Eigen::Stride<Eigen::Dynamic, 2>(24, 2));
  EXPECT_EQ(order_of(x, 1), LoopOrder::portable);
}

TEST(Arrange, TreatsViewsOfDifferentOrderTogether) {
  const RowMatrix x(4, 3);
  const Eigen::MatrixXf y(4, 3);
  auto a = batchnorm::detail::read_view(x, 1);
  auto b = batchnorm::detail::read_view(y, 1);
  EXPECT_EQ(arrange(a, b), LoopOrder::portable);
  EXPECT_EQ(a.outer, b.outer);
  EXPECT_EQ(a.inner, b.inner);
}

/// A block of rows and columns of one matrix, as a view.
View<const float> block(const RowMatrix& matrix, Index row, Index column, Index rows,
                        Index columns) {
  return batchnorm::detail::read_view(matrix.block(row, column, rows, columns), 1);
}

TEST(Overlap, OfBlocksIsWhetherTheyShareAnElement) {
  const RowMatrix matrix(6, 7);
  for (Index row = 0; row < 4; ++row) {
    for (Index column = 0; column < 5; ++column) {
      const auto here = block(matrix, 2, 2, 2, 3);
      const auto there = block(matrix, row, column, 2, 3);
      const auto mine = address_set(here);
      bool shared = false;
      for (const float* address : addresses(there)) shared = shared || mine.contains(address);
      const Overlap expected = row == 2 && column == 2 ? Overlap::same
                               : shared                ? Overlap::partial
                                                       : Overlap::none;
      EXPECT_EQ(overlap(here, there), expected) << row << ", " << column;
      EXPECT_EQ(overlap(there, here), expected) << row << ", " << column;
    }
  }
}

TEST(Overlap, OfOtherStridesCountsAllMemoryInBetween) {
  const RowMatrix matrix(6, 6);
  const auto here = block(matrix, 0, 0, 3, 3);
  const auto turned = batchnorm::detail::read_view(matrix.block(0, 0, 3, 3).transpose(), 1);
  EXPECT_EQ(overlap(here, turned), Overlap::partial);
  EXPECT_EQ(overlap(here, block(matrix, 3, 3, 3, 3)), Overlap::none);
}

TEST(Overlap, OfNothingIsNone) {
  const RowMatrix matrix(6, 6);
  EXPECT_EQ(overlap(block(matrix, 0, 0, 0, 3), block(matrix, 0, 0, 3, 3)), Overlap::none);
}

TEST(Injective, IsAViewWhoseElementsAreApart) {
  std::vector<float> values(64);
  const auto injective = [&](Index outer_stride, Index channel_stride, Index inner_stride) {
    return batchnorm::detail::is_injective(
        View<const float>{values.data(), 2, 3, 4, outer_stride, channel_stride, inner_stride});
  };
  EXPECT_TRUE(injective(12, 4, 1));
  EXPECT_TRUE(injective(12, 1, 3));
  EXPECT_FALSE(injective(0, 4, 1));
  EXPECT_FALSE(injective(12, 3, 1));
  EXPECT_TRUE(batchnorm::detail::is_injective(View<const float>{values.data(), 2, 0, 4, 0, 0, 0}));
}

}  // namespace
