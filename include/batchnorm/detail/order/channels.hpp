#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>

#include "../../view.hpp"
#include "channel_array.hpp"

namespace batchnorm::detail {

/// Channels [begin, end).
struct ChannelRange {
  Index begin = 0;
  Index end = 0;

  Index size() const { return end - begin; }

  template <typename Scalar>
  View<Scalar> of(View<Scalar> view) const {
    view.data += begin * view.channel_stride;
    view.channels = size();
    return view;
  }

  template <typename V, std::size_t N>
  std::array<V, N> of(std::array<V, N> views) const {
    for (V& view : views) view = of(view);
    return views;
  }
};

/// Values per channel of a view.
template <typename Scalar>
double count_of(const View<Scalar>& view) {
  return static_cast<double>(view.count());
}

/// Whether an output lies where an input does.
template <typename Scalar, std::size_t N>
bool is_among(const View<Scalar>& out, const std::array<View<const Scalar>, N>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [&](const auto& in) { return in.data == out.data; });
}

}  // namespace batchnorm::detail
