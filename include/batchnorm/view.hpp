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
  Scalar* data = nullptr;
  Index outer = 0;
  Index channels = 0;
  Index inner = 0;
  Index outer_stride = 0;
  Index channel_stride = 0;
  Index inner_stride = 0;

  /// Values per channel, M.
  Index count() const { return outer * inner; }

  Index offset(Index o, Index c, Index i) const {
    return o * outer_stride + c * channel_stride + i * inner_stride;
  }

  Scalar& operator()(Index o, Index c, Index i) const { return data[offset(o, c, i)]; }

  /// The same elements, not writable.
  operator View<const Scalar>() const  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<Scalar>) {
    return {data, outer, channels, inner, outer_stride, channel_stride, inner_stride};
  }
};

}  // namespace batchnorm
