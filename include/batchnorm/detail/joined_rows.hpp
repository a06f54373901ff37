#pragma once

#include <algorithm>
#include <array>

#include "arrange.hpp"
#include "channel_range.hpp"

namespace batchnorm::detail {

/// Whether rows follow each other without a gap and are worth joining.
template <typename Scalar, std::size_t N>
bool can_join(const std::array<View<const Scalar>, N>& views, LoopOrder order) {
  const Index channels = views[0].channels;
  return order == LoopOrder::rows && rows_to_join(channels, views[0].outer) > 1 &&
         std::all_of(views.begin(), views.end(),
                     [&](const auto& view) { return view.outer_stride == channels; });
}

/// Views whose rows are joined, and the views of the rows that are left over. The channel of place
/// p in a joined row is p modulo the number of channels.
template <typename Scalar, std::size_t N>
struct JoinedRows {
  std::array<View<Scalar>, N> whole;
  std::array<View<Scalar>, N> rest;

  explicit JoinedRows(const std::array<View<Scalar>, N>& views) : whole(views), rest(views) {
    for (std::size_t k = 0; k < N; ++k) {
      const Index together = rows_to_join(views[k].channels, views[k].outer);
      whole[k].outer /= together;
      whole[k].channels *= together;
      whole[k].outer_stride *= together;
      rest[k].outer %= together;
      rest[k].data += whole[k].outer * whole[k].outer_stride;
    }
  }
};

template <typename Scalar, std::size_t N>
JoinedRows(const std::array<View<Scalar>, N>&) -> JoinedRows<Scalar, N>;

}  // namespace batchnorm::detail
