#pragma once

#include <vector>

#include "chunks.hpp"
#include "lanes.hpp"

namespace batchnorm::detail {

/// Memory that reductions need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
struct SumsWorkspace {
  std::vector<double> chunks;
  std::vector<double> joined;
  std::vector<double> runs;

  /// Also for the same views with runs so short that they are read as rows of places: of `sums`
  /// sums for every place and chunk.
  template <typename Scalar>
  void make_room(View<const Scalar> view, LoopOrder order, std::size_t sums) {
    if (order != LoopOrder::planes) return;
    view.channels *= lanes<PacketOf<Scalar>> - 1;
    view.inner = 1;
    const auto places = static_cast<std::size_t>(view.channels);
    chunks.reserve(static_cast<std::size_t>(Chunks(view, LoopOrder::rows).size()) * places * sums);
    runs.reserve(2 * places);
  }
};

}  // namespace batchnorm::detail
