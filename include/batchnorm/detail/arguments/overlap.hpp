#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "../../view.hpp"

// Whether two arguments share elements. In place (`y` is `x`) is allowed, anything in between would
// read values that were already overwritten.
namespace batchnorm::detail {

enum class Overlap { none, same, partial };

struct Axis {
  Index extent = 1;
  Index stride = 0;
};

inline void put_larger_first(Axis& a, Axis& b) {
  if (a.stride < b.stride) std::swap(a, b);
}

/// Axes of a view with the largest stride first.
template <typename Scalar>
std::array<Axis, 3> sorted_axes(const View<Scalar>& view) {
  std::array<Axis, 3> axes{Axis{view.outer, view.outer_stride},
                           Axis{view.channels, view.channel_stride},
                           Axis{view.inner, view.inner_stride}};
  put_larger_first(axes[0], axes[1]);
  put_larger_first(axes[1], axes[2]);
  put_larger_first(axes[0], axes[1]);
  return axes;
}

/// Elements from the first to the last, both included.
template <typename Scalar>
Index span(const View<Scalar>& view) {
  return (view.outer - 1) * view.outer_stride + (view.channels - 1) * view.channel_stride +
         (view.inner - 1) * view.inner_stride + 1;
}

/// Whether every stride steps over all that the smaller ones reach, so that no two indices name one
/// element.
template <typename Scalar>
bool is_injective(const View<Scalar>& view) {
  if (view.count() * view.channels == 0) return true;
  if (view.count() == 1) return view.channels == 1 || view.channel_stride > 0;
  Index reach = 1;
  const auto axes = sorted_axes(view);
  for (std::size_t k = axes.size(); k-- > 0;) {
    const Axis& axis = axes[k];
    if (axis.extent <= 1) continue;
    if (axis.stride < reach) return false;
    reach += (axis.extent - 1) * axis.stride;
  }
  return true;
}

/// Whether `distance` is a difference of two elements of a lattice with these axes. A nested
/// lattice needs to look at the two nearest multiples of each stride only.
inline bool is_difference(Index distance, const std::array<Axis, 3>& axes, std::size_t first = 0) {
  if (first == axes.size()) return distance == 0;
  const Axis& axis = axes[first];
  if (axis.extent <= 1 || axis.stride == 0) return is_difference(distance, axes, first + 1);
  const Index quotient = distance / axis.stride;
  for (Index steps = quotient - 1; steps <= quotient + 1; ++steps) {
    const bool within = steps > -axis.extent && steps < axis.extent;
    if (within && is_difference(distance - steps * axis.stride, axes, first + 1)) return true;
  }
  return false;
}

/// Whether the memory from the first to the last element of `a` meets that of `b`.
template <typename A, typename B>
bool shares_memory(const View<A>& a, const View<B>& b) {
  if (a.count() * a.channels == 0 || b.count() * b.channels == 0) return false;
  const auto begin_a = reinterpret_cast<std::uintptr_t>(a.data);
  const auto begin_b = reinterpret_cast<std::uintptr_t>(b.data);
  return begin_b < begin_a + static_cast<std::uintptr_t>(span(a)) * sizeof(A) &&
         begin_a < begin_b + static_cast<std::uintptr_t>(span(b)) * sizeof(B);
}

/// Two views of equal shape. Where the strides differ, memory that interleaves counts as
/// overlapping.
template <typename A, typename B>
Overlap overlap(const View<A>& a, const View<B>& b) {
  if (!shares_memory(a, b)) return Overlap::none;
  const auto same_stride = [](Index extent, Index s, Index t) { return extent <= 1 || s == t; };
  const bool same_strides = same_stride(a.outer, a.outer_stride, b.outer_stride) &&
                            same_stride(a.channels, a.channel_stride, b.channel_stride) &&
                            same_stride(a.inner, a.inner_stride, b.inner_stride);
  if (!same_strides) return Overlap::partial;
  const auto bytes =
      reinterpret_cast<std::intptr_t>(b.data) - reinterpret_cast<std::intptr_t>(a.data);
  if (bytes == 0) return Overlap::same;
  const auto size = static_cast<std::intptr_t>(sizeof(A));
  if (bytes % size != 0 || !is_injective(a)) return Overlap::partial;
  return is_difference(static_cast<Index>(bytes / size), sorted_axes(a)) ? Overlap::partial
                                                                         : Overlap::none;
}

}  // namespace batchnorm::detail
