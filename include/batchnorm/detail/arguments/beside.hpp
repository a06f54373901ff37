#pragma once

#include <algorithm>
#include <cstdlib>

#include "arguments.hpp"

// What is given beside x and has not its shape: a vector, or values of samples.
namespace batchnorm::detail {

/// The rank of what was given; 1 for vectors, which are matrices to Eigen.
template <typename T>
consteval int given_rank() {
  if constexpr (MatrixLike<T>) {
    return T::IsVectorAtCompileTime ? 1 : 2;
  } else {
    return ArgumentOf<T>::rank;
  }
}

/// The extents of what was given; of a vector one.
template <typename T>
Shape given_shape(const T& t) {
  if constexpr (given_rank<T>() == 1) return {1, {static_cast<Index>(t.size())}};
  return ArgumentOf<T>::shape(t);
}

/// The stride of a vector.
template <typename T>
Index vector_stride(const T& t) {
  if constexpr (MatrixLike<T>) return t.innerStride();
  return 1;
}

/// The extent of x along its samples: that of its first axis, or the second where channels are on
/// the first.
inline Index samples_of(const Shape& x, int axis) { return x.extents[axis == 0 ? 1 : 0]; }

/// The memory from the first to the last value of `t`.
template <typename T>
auto memory_of(const T& t) {
  using Traits = ArgumentOf<T>;
  const Shape shape = Traits::shape(t);
  const auto strides = Traits::strides(t);
  View<const typename Traits::Scalar> memory{t.data(), 1, 1, 1, 1, 1, 1};
  if (t.size() == 0) memory.outer = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(shape.rank) && t.size() > 0; ++k) {
    const Index reach = (shape.extents[k] - 1) * strides[k];
    memory.outer += std::abs(reach);
    memory.data += std::min<Index>(reach, 0);
  }
  return memory;
}

}  // namespace batchnorm::detail
