#pragma once

#include <Eigen/Core>
#include <array>

#include "../../view.hpp"

namespace batchnorm::detail {

template <typename Scalar>
using ChannelArray = Eigen::Array<Scalar, Eigen::Dynamic, 1>;

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

}  // namespace batchnorm::detail
