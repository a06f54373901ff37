#pragma once

#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <string>

#include "arguments.hpp"
#include "fixtures.hpp"
#include "shapes.hpp"

/// The memory layouts that the library tells apart, for the suites about one property of all.
namespace fixtures {

template <typename Kind_, typename Axis_, Index axis_>
struct Layout {
  using Kind = Kind_;
  using Axis = Axis_;
  static constexpr Index axis = axis_;
  static constexpr std::size_t rank = Kind::rank;
  using Dims = Dimensions<rank>;

  /// Where there are no spatial axes, samples stand for them.
  static Dims dimensions(Index samples, Index channels, Index spatial) {
    if constexpr (rank == 2)
      return dimensions_of<rank>({"", samples * spatial, channels, {}}, axis);
    return dimensions_of<rank>({"", samples, channels, {spatial, 1, 1}}, axis);
  }
  static reference::Shape shape(const Dims& dimensions) { return shape_of(dimensions, axis); }

  static Kind filled(const Dims& dimensions, const Values& values) {
    Kind kind(dimensions);
    write(kind.get(), dimensions, axis, values);
    return kind;
  }
  static Values values(Kind& kind, const Dims& dimensions) {
    return read(kind.get(), dimensions, axis);
  }
};

/// What a layout's kind of argument is made of.
template <typename L>
struct OfLayout;
template <template <typename, int> typename Kind, typename S, int Order, typename Axis, Index axis>
struct OfLayout<Layout<Kind<S, Order>, Axis, axis>> {
  using Scalar = S;
  static constexpr int order = Order;
};

template <typename Scalar>
struct LayoutsOf {
  template <template <typename, int> typename Kind, int Order, typename Axis, Index axis>
  using Of = Layout<Kind<Scalar, Order>, Axis, axis>;
  using RowMajorMatrix = Of<MatrixKind, Eigen::RowMajor, batchnorm::ChannelsFirst, 1>;
  using ColMajorMatrix = Of<MatrixKind, Eigen::ColMajor, batchnorm::ChannelsFirst, 1>;
  /// Some columns of a wider matrix, whose rows lie apart.
  using Slice = Of<BlockKind, Eigen::RowMajor, batchnorm::ChannelsFirst, 1>;
  using Strided = Of<StridedMapKind, Eigen::RowMajor, batchnorm::ChannelsFirst, 1>;
  using ChannelsInRows = Of<MatrixKind, Eigen::RowMajor, batchnorm::ChannelAxis<0>, 0>;
  using NCHW = Of<Tensor4Kind, Eigen::RowMajor, batchnorm::ChannelsFirst, 1>;
  using NHWC = Of<Tensor4Kind, Eigen::RowMajor, batchnorm::ChannelsLast, 3>;
  using ColMajorTensor = Of<Tensor3Kind, Eigen::ColMajor, batchnorm::ChannelsFirst, 1>;
  /// Samples alternate within what stands in front of the channels.
  using ColMajorSequences = Of<Tensor3Kind, Eigen::ColMajor, batchnorm::ChannelsLast, 2>;
  using All = ::testing::Types<RowMajorMatrix, ColMajorMatrix, Strided, ChannelsInRows, NCHW, NHWC,
                               ColMajorTensor>;
};
using Layouts = LayoutsOf<float>::All;

template <typename... Lists>
struct Joined;
template <typename... A, typename... B>
struct Joined<::testing::Types<A...>, ::testing::Types<B...>> {
  using Types = ::testing::Types<A..., B...>;
};

struct LayoutName {
  template <typename L>
  static std::string GetName(int number) {
    return std::to_string(number) + L::Kind::name;
  }
};

}  // namespace fixtures
