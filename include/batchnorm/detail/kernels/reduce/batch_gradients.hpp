#pragma once

#include <algorithm>

#include "loops.hpp"
#include "short_runs.hpp"
#include "tasks.hpp"
#include "workspace.hpp"

namespace batchnorm::detail {

/// What is summed of a backward, and by what.
template <typename Scalar, std::size_t Inputs>
struct GradientReduction {
  GradientLoops<Scalar, Inputs> loops;
  UnitChannels<ArithmeticOf<Scalar>> channels;
};

/// Per channel the sums over everything in `views`, chunk by chunk, in `workspace`.
template <typename Scalar, std::size_t Inputs>
Slots merged_gradients(const Executor& executor, const GradientReduction<Scalar, Inputs>& sums_of,
                       const Views<Scalar, Inputs>& views, LoopOrder order,
                       ChannelArray<double>& workspace) {
  constexpr Index sums{gradient_sums};
  const Chunks chunks(views[0], order);
  const Index channels = views[0].channels;
  workspace.resize(places_of(chunks, executor) * sums * channels);
  const auto slots = [&](Index place) {
    return Slots{workspace.data() + place * sums * channels, channels};
  };
  reduce_chunks(
      executor, chunks, order, views[0], Inputs, sums_of.loops.most_channels,
      [&](Index k, Index c_begin, Index c_end, Index place) {
        sums_of.loops.sum(sums_of.channels, views, chunks[k], c_begin, c_end, order, slots(place));
      },
      [&](const Merged& into, const Merged& from, Index /*end*/) {
        add_sums(sums * channels, slots(into.place).first, slots(from.place).first);
      });
  return slots(0);
}

/// Adds to `sum` and `product` those of rows of places.
template <typename Scalar, std::size_t Inputs>
void add_row_gradients(const Executor& executor, const GradientReduction<Scalar, Inputs>& sums_of,
                       const Views<Scalar, Inputs>& rows, SumsWorkspace& workspace, double* sum,
                       double* product) {
  const Slots slots = merged_gradients(executor, sums_of, rows, LoopOrder::rows, workspace.chunks);
  const PlaceMap& map = sums_of.channels.map;
  add_places(map, rows[0].channels, slots.row(0), sum);
  add_places(map, rows[0].channels, slots.row(1), product);
}

/// Per channel the sums over everything in `views`: `sum` of g, `product` of g * (x - centre) *
/// unit. `workspace` grows to the largest shape seen.
template <typename Scalar, std::size_t Inputs>
void batch_gradients(const Executor& executor, GradientReduction<Scalar, Inputs> sums_of,
                     const Views<Scalar, Inputs>& views, LoopOrder order, SumsWorkspace& workspace,
                     double* sum, double* product) {
  const Index channels = views[0].channels;
  const bool short_runs = has_short_runs(views, order, sums_of.loops.packet);
  if (!short_runs && !can_join(views, order)) {
    const Slots slots = merged_gradients(executor, sums_of, views, order, workspace.chunks);
    std::copy_n(slots.row(0), channels, sum);
    std::copy_n(slots.row(1), channels, product);
    return;
  }
  std::fill_n(sum, channels, 0.0);
  std::fill_n(product, channels, 0.0);
  sums_of.channels.map = {views[0].inner, channels};
  const Views<Scalar, Inputs> rows = lined_up(views);
  if (!can_join(rows, LoopOrder::rows))
    return add_row_gradients(executor, sums_of, rows, workspace, sum, product);
  const JoinedRows joined(rows);
  add_row_gradients(executor, sums_of, joined.whole, workspace, sum, product);
  if (joined.rest[0].outer > 0)
    add_row_gradients(executor, sums_of, joined.rest, workspace, sum, product);
}

/// The same of some channels, into their places.
template <typename Scalar, std::size_t Inputs>
void range_gradients(const Executor& executor, const GradientReduction<Scalar, Inputs>& sums_of,
                     const ChannelRange& range, const Views<Scalar, Inputs>& views,
                     SumsWorkspace& workspace, double* sum, double* product) {
  std::array<View<Scalar>, 0> nothing;
  Views<Scalar, Inputs> some = range.of(views);
  const LoopOrder order = arrange_all(some, nothing);
  workspace.make_room(executor, some[0], order, Index{gradient_sums}, sums_of.loops.packet);
  batch_gradients(executor, sums_of, some, order, workspace, sum + range.begin,
                  product + range.begin);
}

}  // namespace batchnorm::detail
