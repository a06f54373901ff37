#pragma once

#include "arguments.hpp"

// From an Eigen object to the view: the axes before the channel axis become one, the axes after it
// another.
namespace batchnorm::detail {

/// Axes `first` to `last - 1` as one: their number of elements and the stride from one to the next.
/// Possible for every argument: a tensor is packed, and a matrix has one axis beside its channels.
struct AxisGroup {
  Index extent = 1;
  Index stride = 0;
};

inline AxisGroup group_axes(const Shape& shape, const std::array<Index, max_rank>& strides,
                            int first, int last, bool row_major) {
  AxisGroup group;
  for (int axis = first; axis < last; ++axis)
    group.extent *= shape.extents[static_cast<std::size_t>(axis)];
  if (first < last) group.stride = strides[static_cast<std::size_t>(row_major ? last - 1 : first)];
  return group;
}

/// The view of `t`, whose channels are on axis `axis`; outer is what stands before that axis, inner
/// what stands after.
template <typename T, typename Scalar>
View<Scalar> make_view(const T& t, Scalar* data, int axis) {
  using Traits = ArgumentOf<T>;
  const Shape shape = Traits::shape(t);
  const auto strides = Traits::strides(t);
  const AxisGroup before = group_axes(shape, strides, 0, axis, Traits::is_row_major);
  const AxisGroup after = group_axes(shape, strides, axis + 1, shape.rank, Traits::is_row_major);
  const auto channel = static_cast<std::size_t>(axis);
  return {data,         before.extent, shape.extents[channel],
          after.extent, before.stride, strides[channel],
          after.stride};
}

template <typename T>
auto read_view(const T& t, int axis) {
  using Scalar = typename ArgumentOf<T>::Scalar;
  return make_view<T, const Scalar>(t, t.data(), axis);
}

template <typename T>
auto write_view(T& t, int axis) {
  using Scalar = typename ArgumentOf<T>::Scalar;
  return make_view<T, Scalar>(t, t.data(), axis);
}

}  // namespace batchnorm::detail
