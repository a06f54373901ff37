#pragma once

#include <cmath>

#include "../../sample_weights.hpp"
#include "../arguments/beside.hpp"
#include "../arguments/misuse.hpp"
#include "../arguments/shape_checks.hpp"
#include "../kernels/kernels.hpp"

// The sample weights of a call: what the user gave, as weights of the positions of x.
namespace batchnorm::detail {

/// Whether `T` may hold weights beside an `X` of `Scalar`.
template <typename Scalar, typename X, typename T>
consteval bool check_weights_type() {
  using Traits = ArgumentOf<T>;
  if constexpr (!Traits::is_eigen || !Traits::has_storage) {
    static_assert(never<T>,
                  "batchnorm: sample weights are a named Eigen vector, matrix, map or tensor, not "
                  "an expression.");
  } else if constexpr (!std::is_same_v<typename Traits::Scalar, ArithmeticOf<Scalar>>) {
    static_assert(never<T>,
                  "batchnorm: sample weights have the scalar of the layer's parameters, float or "
                  "double: `const Eigen::VectorXf w = mask.cast<float>();`.");
  } else if constexpr (given_rank<T>() != 1 && given_rank<T>() != ArgumentOf<X>::rank - 1) {
    static_assert(never<T>,
                  "batchnorm: sample weights are a vector with one per sample, or have x's shape "
                  "without the channel axis.");
  } else if constexpr (given_rank<T>() > 1 && Traits::is_row_major != ArgumentOf<X>::is_row_major) {
    static_assert(never<T>, "batchnorm: sample weights have the same storage order as x.");
  } else {
    return true;
  }
  return false;
}

/// x's shape without the channel axis.
inline Shape positions_of(const Shape& x, int axis) {
  Shape result{x.rank - 1, {}};
  for (std::size_t k = 0, to = 0; k < static_cast<std::size_t>(x.rank); ++k)
    if (k != static_cast<std::size_t>(axis)) result.extents[to++] = x.extents[k];
  return result;
}

/// Weights per sample, of an axis that is made of `extent` indices of x, samples among them.
template <typename T>
WeightAxis sample_axis(const T& t, Index samples, Index extent, bool row_major) {
  const Index repeat = row_major && samples > 0 ? extent / samples : 1;
  return {vector_stride(t), repeat, std::max<Index>(samples, 1)};
}

template <typename Scalar, typename X, typename T>
Weights<Scalar> weights_per_sample(const X& x, const T& t, int axis) {
  const auto view = read_view(x, axis);
  const Index samples = samples_of(ArgumentOf<X>::shape(x), axis);
  const bool row_major = ArgumentOf<X>::is_row_major;
  if (axis == 0) return {t.data(), {}, sample_axis(t, samples, view.inner, row_major)};
  return {t.data(), sample_axis(t, samples, view.outer, row_major), {}};
}

inline WeightAxis weight_axis(const AxisGroup& group) {
  return {group.extent > 1 ? group.stride : 0, 1, std::max<Index>(group.extent, 1)};
}

template <typename Scalar, typename T>
Weights<Scalar> weights_per_position(const T& t, int axis) {
  using Traits = ArgumentOf<T>;
  const Shape shape = Traits::shape(t);
  const auto strides = Traits::strides(t);
  return {t.data(), weight_axis(group_axes(shape, strides, 0, axis, Traits::is_row_major)),
          weight_axis(group_axes(shape, strides, axis, shape.rank, Traits::is_row_major))};
}

/// Whether axes that are one in x are one in `t`: a block of a matrix leaves gaps.
template <typename T>
bool is_packed(const T& t) {
  const Shape shape = ArgumentOf<T>::shape(t);
  const auto strides = ArgumentOf<T>::strides(t);
  if constexpr (ArgumentOf<T>::is_row_major) return strides[0] == shape.extents[1];
  return strides[1] == shape.extents[0];
}

/// The weights of the positions of x. Refuses other shapes.
template <typename Scalar, typename X, typename T>
Weights<Scalar> weights_of(const X& x, const SampleWeights<T>& weights, int axis) {
  const T& t = weights.tensor;
  const Shape shape = given_shape(t);
  const Shape positions = positions_of(ArgumentOf<X>::shape(x), axis);
  const Shape samples{1, {positions.extents[0]}};
  if (shape != positions && shape != samples) {
    refuse("expected sample weights of shape ", positions, " for x of shape ",
           ArgumentOf<X>::shape(x), ", one per position, which all channels share, or a vector of ",
           samples.extents[0], ", one per sample, got ", shape, ".");
  }
  if constexpr (given_rank<T>() == 1) {
    return weights_per_sample<Scalar>(x, t, axis);
  } else {
    if constexpr (MatrixLike<T>) {
      if (axis != 1 && !is_packed(t)) {
        refuse(
            "expected sample weights whose rows and columns follow each other without a gap, got a "
            "block of a larger matrix; copy it.");
      }
    }
    return weights_per_position<Scalar>(t, axis);
  }
}

template <typename Data, typename Scalar>
[[noreturn]] void refuse_weights(const Weights<Scalar>& weights, const View<const Data>& x) {
  const auto is_weight = [](Scalar weight) { return weight >= Scalar(0) && std::isfinite(weight); };
  Index position = 0;
  while (position + 1 < x.count() && is_weight(*weights.at(position / x.inner, position % x.inner)))
    ++position;
  refuse("expected sample weights of at least 0, got ",
         *weights.at(position / x.inner, position % x.inner), " at position ", position,
         "; a mask has 0 for what does not count, 1 for the rest.");
}

/// Refuses weights that are negative or not finite.
template <typename Data, typename Scalar>
WeightTotals totals_of(const Weights<Scalar>& weights, const View<const Data>& x) {
  WeightTotals totals;
  run_kernel<calls::TotalWeights<Scalar>>(weights, Chunk{0, x.outer, 0, x.inner}, totals);
  if (!totals.are_weights) refuse_weights(weights, x);
  constexpr double least = 1e-290;
  if (!std::isfinite(totals.sum) || (totals.weighing > 0 && totals.sum < least)) {
    refuse("expected sample weights with a sum of at least 1e-290 that is finite, got ", totals.sum,
           "; divide all of them by the largest.");
  }
  return totals;
}

/// Refuses an output that lies where the weights are.
template <typename Out, typename T>
void check_apart_from_weights(const char* name, const Out& out, const SampleWeights<T>& weights,
                              int axis) {
  if (!shares_memory(read_view(out, axis), memory_of(weights.tensor))) return;
  refuse(name,
         " overlaps the sample weights: expected separate memory; write to a tensor of its own.");
}

}  // namespace batchnorm::detail
