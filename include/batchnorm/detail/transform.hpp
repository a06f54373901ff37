#pragma once

#include <algorithm>
#include <array>

#include "arrange.hpp"
#include "chunks.hpp"
#include "executor.hpp"
#include "lanes.hpp"

// The second primitive: a map of every element with its channel's coefficients. One loop per order;
// what is computed is the operation's business. An operation reads all of an element's inputs
// before it writes its outputs, so that an output may be an input.
namespace batchnorm::detail {

template <typename Operation>
using InputViews = std::array<View<const typename Operation::Scalar>, Operation::inputs>;
template <typename Operation>
using OutputViews = std::array<View<typename Operation::Scalar>, Operation::outputs>;

template <typename Pointer, std::size_t N>
void advance_pointers(std::array<Pointer, N>& pointers, const std::array<Index, N>& step) {
  for (std::size_t k = 0; k < N; ++k) pointers[k] += step[k];
}

template <typename Scalar, std::size_t N>
auto pointers_to(const std::array<View<Scalar>, N>& views, Index o, Index c, Index i) {
  std::array<Scalar*, N> result;
  for (std::size_t k = 0; k < N; ++k) result[k] = views[k].data + views[k].offset(o, c, i);
  return result;
}

/// One packet, or one scalar, at index `at` of the pointers.
template <typename P, typename Operation, typename Inputs, typename Outputs>
void transform_at(const Operation& operation,
                  const typename Operation::template Coefficients<P>& coefficients,
                  const Inputs& from, const Outputs& to, Index at) {
  std::array<P, Operation::inputs> values;
  for (std::size_t k = 0; k < Operation::inputs; ++k) values[k] = load<P>(from[k] + at);
  const auto results = operation(coefficients, values);
  for (std::size_t k = 0; k < Operation::outputs; ++k) store(to[k] + at, results[k]);
}

/// `count` contiguous elements of one channel.
template <typename Operation, typename Inputs, typename Outputs>
[[gnu::flatten]] void transform_run(const Operation& operation, Index channel, const Inputs& from,
                                    const Outputs& to, Index count) {
  using Wide = PacketOf<typename Operation::Scalar>;
  using Scalar = typename Operation::Scalar;
  const auto packets = operation.template coefficients<Wide>(channel, Spread::same);
  Index i = 0;
  for (; i + lanes<Wide> <= count; i += lanes<Wide>)
    transform_at<Wide>(operation, packets, from, to, i);
  const auto scalars = operation.template coefficients<Scalar>(channel, Spread::same);
  for (; i < count; ++i) transform_at<Scalar>(operation, scalars, from, to, i);
}

/// Rows that are mapped together, so that their channels' coefficients are loaded once.
inline constexpr Index row_group = 2;

/// One packet of channels, or one channel, of `Rows` rows.
template <typename P, std::size_t Rows, typename Operation, typename Inputs, typename Outputs>
void transform_column(const Operation& operation, const std::array<Inputs, Rows>& from,
                      const std::array<Outputs, Rows>& to, Index channel) {
  const auto coefficients = operation.template coefficients<P>(channel, Spread::per_lane);
  for (std::size_t row = 0; row < Rows; ++row) {
    transform_at<P>(operation, coefficients, from[row], to[row], channel);
  }
}

/// All channels, contiguous, of `Rows` rows from row `o` on.
template <std::size_t Rows, typename Operation>
[[gnu::flatten]] void transform_rows(const Operation& operation, const InputViews<Operation>& in,
                                     const OutputViews<Operation>& out, Index o) {
  using Wide = PacketOf<typename Operation::Scalar>;
  using Scalar = typename Operation::Scalar;
  std::array<decltype(pointers_to(in, 0, 0, 0)), Rows> from;
  std::array<decltype(pointers_to(out, 0, 0, 0)), Rows> to;
  for (std::size_t row = 0; row < Rows; ++row) {
    from[row] = pointers_to(in, o + static_cast<Index>(row), 0, 0);
    to[row] = pointers_to(out, o + static_cast<Index>(row), 0, 0);
  }
  const Index channels = in[0].channels;
  Index c = 0;
  for (; c + lanes<Wide> <= channels; c += lanes<Wide>) {
    transform_column<Wide>(operation, from, to, c);
  }
  for (; c < channels; ++c) transform_column<Scalar>(operation, from, to, c);
}

/// `count` elements of one channel at any strides.
template <typename Operation, typename Inputs, typename Outputs>
void transform_strided(const Operation& operation, Index channel, Inputs from,
                       const std::array<Index, Operation::inputs>& in_step, Outputs to,
                       const std::array<Index, Operation::outputs>& out_step, Index count) {
  using Scalar = typename Operation::Scalar;
  const auto coefficients = operation.template coefficients<Scalar>(channel, Spread::same);
  for (Index i = 0; i < count; ++i) {
    transform_at<Scalar>(operation, coefficients, from, to, 0);
    advance_pointers(from, in_step);
    advance_pointers(to, out_step);
  }
}

template <typename View, std::size_t N>
std::array<Index, N> inner_strides(const std::array<View, N>& views) {
  std::array<Index, N> result;
  for (std::size_t k = 0; k < N; ++k) result[k] = views[k].inner_stride;
  return result;
}

template <typename Operation>
TaskCost transform_cost(Index values) {
  const double bytes = static_cast<double>(values) * sizeof(typename Operation::Scalar);
  return {bytes * Operation::inputs, bytes * Operation::outputs, static_cast<double>(values)};
}

/// Pieces of one channel of one outer index, in the order of their number; stepping is cheaper than
/// dividing.
class PieceCursor {
 public:
  static constexpr Index piece = 16384;

  template <typename Scalar>
  PieceCursor(const View<Scalar>& view, Index number)
      : channels_(view.channels), inner_(view.inner), pieces_(divide_up(view.inner, piece)) {
    inner = number % pieces_ * piece;
    channel = number / pieces_ % channels_;
    outer = number / pieces_ / channels_;
  }

  Index count() const { return std::min(piece, inner_ - inner); }

  void step() {
    inner += piece;
    if (inner < inner_) return;
    inner = 0;
    if (++channel < channels_) return;
    channel = 0;
    ++outer;
  }

  Index outer;
  Index channel;
  Index inner;

 private:
  Index channels_;
  Index inner_;
  Index pieces_;
};

/// Planes and portable: a task is a piece of one channel of one outer index.
template <typename Executor, typename Operation>
void transform_channels(const Executor& executor, const Operation& operation, LoopOrder order,
                        const InputViews<Operation>& from, const OutputViews<Operation>& to) {
  const auto& shape = from[0];
  const Index tasks = shape.outer * shape.channels * divide_up(shape.inner, PieceCursor::piece);
  const auto cost = transform_cost<Operation>(std::min(PieceCursor::piece, shape.inner));
  executor(tasks, cost, [&](Index first, Index last) {
    PieceCursor at(shape, first);
    for (Index task = first; task < last; ++task, at.step()) {
      const auto sources = pointers_to(from, at.outer, at.channel, at.inner);
      const auto targets = pointers_to(to, at.outer, at.channel, at.inner);
      if (order == LoopOrder::planes) {
        transform_run(operation, at.channel, sources, targets, at.count());
      } else {
        transform_strided(operation, at.channel, sources, inner_strides(from), targets,
                          inner_strides(to), at.count());
      }
    }
  });
}

/// Whether a call's arrays are small enough that loading coefficients costs more than memory.
template <typename Operation>
bool fits_near_caches(Index values) {
  constexpr double near_caches = 0.5e6;
  const TaskCost cost = transform_cost<Operation>(values);
  return cost.bytes_read + cost.bytes_written < near_caches;
}

/// `to` = operation of `from`, element by element. All views have one shape and were arranged
/// together.
template <typename Executor, typename Operation>
void transform(const Executor& executor, const Operation& operation, LoopOrder order,
               const InputViews<Operation>& from, const OutputViews<Operation>& to) {
  if (order != LoopOrder::rows) return transform_channels(executor, operation, order, from, to);
  const Index rows = from[0].outer;
  const Index group = fits_near_caches<Operation>(rows * from[0].channels) ? row_group : 1;
  const auto cost = transform_cost<Operation>(from[0].channels * group);
  executor(divide_up(rows, group), cost, [&](Index first, Index last) {
    const Index end = std::min(last * group, rows);
    Index o = first * group;
    for (; group == row_group && o + row_group <= end; o += row_group) {
      transform_rows<row_group>(operation, from, to, o);
    }
    for (; o < end; ++o) transform_rows<1>(operation, from, to, o);
  });
}

}  // namespace batchnorm::detail
