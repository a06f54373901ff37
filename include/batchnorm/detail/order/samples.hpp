#pragma once

#include <array>

#include "../../view.hpp"

namespace batchnorm::detail {

/// How a view is cut into its samples, which are the first of the axes that are its outer, or inner
/// where there is none in front of the channels.
struct Samples {
  Index count = 1;           ///< 1 for all samples together
  bool are_inner = false;    ///< whether they are in inner
  bool interleaved = false;  ///< whether they alternate there; else one is behind the other

  template <typename Scalar>
  View<Scalar> of(View<Scalar> view, Index sample) const {
    if (count == 1) return view;
    Index& extent = are_inner ? view.inner : view.outer;
    Index& stride = are_inner ? view.inner_stride : view.outer_stride;
    extent /= count;
    view.data += sample * stride * (interleaved ? 1 : extent);
    if (interleaved) stride *= count;
    return view;
  }

  template <typename V, std::size_t N>
  std::array<V, N> of(std::array<V, N> views, Index sample) const {
    for (V& view : views) view = of(view, sample);
    return views;
  }
};

/// One value per channel for every sample, or for all together where samples are 0 apart.
template <typename Scalar>
struct SampleValues {
  Scalar* data = nullptr;
  Index sample_stride = 0;
  Index channel_stride = 1;

  bool are_shared() const { return sample_stride == 0; }
  Scalar& operator()(Index sample, Index c) const {
    return data[sample * sample_stride + c * channel_stride];
  }
};

}  // namespace batchnorm::detail
