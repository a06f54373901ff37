#pragma once

#include "../../order/chunks.hpp"
#include "../../run/run.hpp"

// How a reduction is shared out to tasks, and how what they found becomes one.
namespace batchnorm::detail {

/// Channels whose runs are short are summed together, so that memory is read in its own order.
inline constexpr Index channel_group = 16;

/// How channels are shared out to tasks: as many as a loop takes in the calling thread, few enough
/// to feed every thread of a device.
class ChannelTiles {
 public:
  ChannelTiles(Index threads, LoopOrder order, Index channels, Index most) : channels_(channels) {
    const bool rows = order == LoopOrder::rows;
    if (threads == 1) {
      width_ = most;
    } else {
      width_ = rows ? most / 2 : channel_group;
    }
    // A packet of rows that reaches back must not meet another thread's channels.
    size_ =
        rows && threads > 1 ? std::max<Index>(channels / width_, 1) : divide_up(channels, width_);
  }

  Index size() const { return size_; }
  Index begin(Index tile) const { return tile * width_; }
  Index end(Index tile) const { return tile + 1 == size_ ? channels_ : begin(tile + 1); }

 private:
  Index channels_;
  Index width_;
  Index size_;
};

/// Runs `sum(chunk index, first channel, last channel)` over all chunks and channels of `inputs`
/// views like `view`; a task takes at most `most_channels` channels.
template <typename Scalar, typename Sum>
void for_each_task(const Executor& executor, const Chunks& chunks, LoopOrder order,
                   const View<const Scalar>& view, std::size_t inputs, Index most_channels,
                   const Sum& sum) {
  const ChannelTiles tiles(executor.threads(), order, view.channels, most_channels);
  const Index tasks = chunks.size() * tiles.size();
  if (tasks == 0) return;
  const double values =
      static_cast<double>(view.count() * view.channels) / static_cast<double>(tasks);
  const double bytes = values * static_cast<double>(sizeof(Scalar) * inputs);
  executor(tasks, {bytes, 0.0, values}, [&](Index first, Index last) {
    for (Index task = first; task < last; ++task) {
      const Index tile = task % tiles.size();
      sum(task / tiles.size(), tiles.begin(tile), tiles.end(tile));
    }
  });
}

/// Calls `merge(into, from, end)`, which adds what pieces [from, end) hold to what pieces [into,
/// from) hold, until piece 0 holds everything: neighbours first, in an order that depends on the
/// number of pieces alone.
template <typename Merge>
void merge_tree(Index pieces, const Merge& merge) {
  for (Index distance = 1; distance < pieces; distance *= 2) {
    for (Index into = 0; into + distance < pieces; into += 2 * distance) {
      merge(into, into + distance, std::min(into + 2 * distance, pieces));
    }
  }
}

/// into += from.
inline void add_sums(Index count, double* into, const double* from) {
  for (Index k = 0; k < count; ++k) into[k] += from[k];
}

}  // namespace batchnorm::detail
