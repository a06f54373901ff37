#pragma once

#include <array>
#include <vector>

#include "fixtures.hpp"

/// Linear maps, convolutions and the layer beside them, in plain loops in more than double: what
/// folding is measured against. Every map is a convolution; a linear one has no kernel axes.
namespace fold_network {

using Eigen::Index;
using Real = long double;
using Position = std::array<Index, 3>;  // on the kernel axes; those that a map lacks have extent 1

/// The order of the axes in the weight, with o and i those of outputs and inputs, k those of the
/// kernel.
enum class Kind {
  pytorch,             // (o, i of one group, k...)
  keras,               // (k..., i of one group, o)
  keras_depthwise,     // (k..., i, o per input)
  pytorch_transposed,  // (i, o of one group, k...)
  keras_transposed,    // (k..., o, i), without groups
};

constexpr bool is_transposed(Kind kind) {
  return kind == Kind::pytorch_transposed || kind == Kind::keras_transposed;
}

/// Whether all inputs are on one axis of the weight and the outputs of one group on the other,
/// rather than the other way round.
constexpr bool has_all_inputs(Kind kind) {
  return is_transposed(kind) || kind == Kind::keras_depthwise;
}

constexpr int outputs_axis(Kind kind, int rank) {
  if (kind == Kind::pytorch) return 0;
  if (kind == Kind::pytorch_transposed) return 1;
  return kind == Kind::keras_transposed ? rank - 2 : rank - 1;
}

constexpr int inputs_axis(Kind kind, int rank) {
  if (kind == Kind::pytorch) return 1;
  if (kind == Kind::pytorch_transposed) return 0;
  return kind == Kind::keras_transposed ? rank - 1 : rank - 2;
}

template <typename Function>
void for_each(const Position& extents, const Function& f) {
  Position at{};
  for (at[0] = 0; at[0] < extents[0]; ++at[0])
    for (at[1] = 0; at[1] < extents[1]; ++at[1])
      for (at[2] = 0; at[2] < extents[2]; ++at[2]) f(at);
}

/// Channels at positions.
struct Image {
  Index channels;
  Position extents;
  std::vector<Real> values;

  Image(Index channel_count, const Position& of)
      : channels(channel_count),
        extents(of),
        values(static_cast<std::size_t>(channels * of[0] * of[1] * of[2])) {}

  Real& operator()(Index c, const Position& at) {
    const Index offset = ((c * extents[0] + at[0]) * extents[1] + at[1]) * extents[2] + at[2];
    return values[static_cast<std::size_t>(offset)];
  }
};

struct Map {
  Kind kind = Kind::pytorch;
  int rank = 2;  // of the weight
  Index inputs_of_group = 1, outputs_of_group = 1, groups = 1;
  Position kernel{1, 1, 1};
  Index stride = 1;

  Index inputs() const { return inputs_of_group * groups; }
  Index outputs() const { return outputs_of_group * groups; }

  /// Of an axis of the weight.
  Index extent(int axis) const {
    if (axis == outputs_axis(kind, rank))
      return has_all_inputs(kind) ? outputs_of_group : outputs();
    if (axis == inputs_axis(kind, rank)) return has_all_inputs(kind) ? inputs() : inputs_of_group;
    return kernel[static_cast<std::size_t>(kernel_axis(axis))];
  }

  /// Which axis of the kernel that axis of the weight is.
  int kernel_axis(int axis) const {
    const bool kernel_is_last = kind == Kind::pytorch || kind == Kind::pytorch_transposed;
    return kernel_is_last ? axis - 2 : axis;
  }

  template <std::size_t Rank>
  std::array<Index, Rank> index(Index o, Index i, const Position& k) const {
    std::array<Index, Rank> result{};
    for (int axis = 0; axis < rank; ++axis) {
      Index& at = result[static_cast<std::size_t>(axis)];
      if (axis == outputs_axis(kind, rank))
        at = o;
      else if (axis == inputs_axis(kind, rank))
        at = i;
      else
        at = k[static_cast<std::size_t>(kernel_axis(axis))];
    }
    return result;
  }
};

/// Extents of two positions, and of what the kernel reaches from them with the map's stride.
inline Position few_positions(const Map& map) {
  Position result{1, 1, 1};
  for (int axis = 0; axis < map.rank - 2; ++axis) result[static_cast<std::size_t>(axis)] = 2;
  return result;
}
inline Position reached(const Map& map) {
  Position result = few_positions(map);
  for (std::size_t axis = 0; axis < 3; ++axis)
    result[axis] = (result[axis] - 1) * map.stride + map.kernel[axis];
  return result;
}

inline Image some_input(const Map& map, std::uint64_t seed) {
  Image x(map.inputs(), is_transposed(map.kind) ? few_positions(map) : reached(map));
  for (Index k = 0; k < static_cast<Index>(x.values.size()); ++k)
    x.values[static_cast<std::size_t>(k)] = fixtures::noise(seed, k, 7, 0);
  return x;
}

/// The map of x. `weight(index)` is a value of the weight, `bias(output)` one of the bias.
template <std::size_t Rank, typename Weight, typename Bias>
Image apply(const Map& map, const Weight& weight, const Bias& bias, Image x) {
  const bool scatters = is_transposed(map.kind);
  Image y(map.outputs(), scatters ? reached(map) : few_positions(map));
  for (Index c = 0; c < y.channels; ++c)
    for_each(y.extents, [&](const Position& at) { y(c, at) = bias(c); });

  const Index outputs = map.extent(outputs_axis(map.kind, map.rank));
  const Index inputs = map.extent(inputs_axis(map.kind, map.rank));
  for (Index o = 0; o < outputs; ++o)
    for (Index i = 0; i < inputs; ++i) {
      Index in = i, out = o;
      if (has_all_inputs(map.kind))
        out = i / map.inputs_of_group * map.outputs_of_group + o;
      else
        in = o / map.outputs_of_group * map.inputs_of_group + i;
      for_each(map.kernel, [&](const Position& k) {
        const Real w = weight(map.template index<Rank>(o, i, k));
        for_each(few_positions(map), [&](const Position& p) {
          const Position far{p[0] * map.stride + k[0], p[1] * map.stride + k[1],
                             p[2] * map.stride + k[2]};
          y(out, scatters ? far : p) += w * x(in, scatters ? p : far);
        });
      });
    }
  return y;
}

/// The layer of inference on every channel.
template <typename Norm>
Image normalized(const Norm& norm, Image x) {
  const auto state = norm.state();
  for (Index c = 0; c < x.channels; ++c) {
    const Real gamma = state.gamma.size() == 0 ? 1.0L : state.gamma[c];
    const Real beta = state.beta.size() == 0 ? 0.0L : state.beta[c];
    const Real mean = state.running_mean[c];
    const Real deviation =
        std::sqrt(static_cast<Real>(state.running_variance[c]) + norm.options().epsilon);
    for_each(x.extents,
             [&](const Position& at) { x(c, at) = gamma * (x(c, at) - mean) / deviation + beta; });
  }
  return x;
}

/// The sizes of the terms of `normalized`, of a layer with the sizes x.
template <typename Norm>
Image sizes_of_normalized(const Norm& norm, Image x) {
  auto state = norm.state();
  state.gamma = state.gamma.cwiseAbs();
  state.beta = state.beta.cwiseAbs();
  state.running_mean = -state.running_mean.cwiseAbs();
  return normalized(Norm(state, norm.options()), std::move(x));
}

inline Image sizes(Image x) {
  for (Real& value : x.values) value = std::abs(value);
  return x;
}

}  // namespace fold_network
