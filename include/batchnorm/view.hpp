#pragma once

#include <Eigen/Core>
#include <type_traits>

namespace batchnorm {

using Eigen::Index;
static_assert(sizeof(Index) >= 8 || sizeof(void*) < 8,
              "batchnorm: EIGEN_DEFAULT_DENSE_INDEX_TYPE is narrower than a pointer; tensors may "
              "hold more than 2^31 elements.");

/// The one shape that all of the library below the layer knows: `(outer, channels, inner)`, every
/// stride in elements. Element (o, c, i) is `data[o * outer_stride + c * channel_stride + i *
/// inner_stride]`. NCHW row-major is (N, C, H W), NHWC row-major is (N H W, C, 1), a matrix of
/// samples in rows is (N, C, 1).
template <typename Scalar>
struct View {
  Scalar* data = nullptr;    ///< element (0, 0, 0), in somebody else's memory
  Index outer = 0;           ///< extent of the axes in front of the channels, N in NCHW
  Index channels = 0;        ///< extent of the channel axis, C
  Index inner = 0;           ///< extent of the axes behind the channels, H W in NCHW
  Index outer_stride = 0;    ///< from one outer index to the next, in elements
  Index channel_stride = 0;  ///< from one channel to the next, in elements
  Index inner_stride = 0;    ///< from one inner index to the next, in elements

  /// Values per channel, M.
  Index count() const { return outer * inner; }

  /// Of element (o, c, i) from `data`, in elements. Indices are not checked.
  Index offset(Index o, Index c, Index i) const {
    return o * outer_stride + c * channel_stride + i * inner_stride;
  }

  /// Element (o, c, i): sample or row, channel, position. Indices are not checked.
  Scalar& operator()(Index o, Index c, Index i) const { return data[offset(o, c, i)]; }

  /// The same elements, not writable.
  operator View<const Scalar>() const  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<Scalar>) {
    return {data, outer, channels, inner, outer_stride, channel_stride, inner_stride};
  }
};

}  // namespace batchnorm
