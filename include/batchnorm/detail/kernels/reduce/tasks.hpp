#pragma once

#include <array>
#include <bit>
#include <cstdint>

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

/// Some pieces that are merged: the first of them, and the place where their sums stand.
struct Merged {
  Index first;
  Index place;
};

/// Calls `merge(into, from, end)`, which adds what the pieces from `from` to `end` hold to what
/// those from `into` to `from` hold, until place 0 holds everything: neighbours first, in a tree
/// that depends on the number of pieces alone. Piece k stands in place k.
template <typename Merge>
void merge_tree(Index pieces, const Merge& merge) {
  for (Index distance = 1; distance < pieces; distance *= 2) {
    for (Index into = 0; into + distance < pieces; into += 2 * distance) {
      const Index from = into + distance;
      merge(Merged{into, into}, Merged{from, from}, std::min(from + distance, pieces));
    }
  }
}

/// How many places `merge_in_turn` needs.
constexpr Index places_in_turn(Index pieces) {
  const auto before_last = static_cast<std::uint64_t>(std::max<Index>(pieces - 1, 0));
  return static_cast<Index>(std::bit_width(before_last)) + 1;
}

/// The same tree of pieces that come one after the other, `sum(piece, place)` brings each: what has
/// all its neighbours is merged at once, so that few places are held.
template <typename Sum, typename Merge>
void merge_in_turn(Index pieces, const Sum& sum, const Merge& merge) {
  std::array<Index, 65> first;
  std::size_t held = 0;
  const auto merge_last = [&](std::size_t last, Index end) {
    const auto place = static_cast<Index>(last);
    merge(Merged{first[last - 1], place - 1}, Merged{first[last], place}, end);
  };
  for (Index piece = 0; piece < pieces; ++piece) {
    sum(piece, static_cast<Index>(held));
    first[held++] = piece;
    for (Index done = piece + 1; done % 2 == 0; done /= 2) merge_last(--held, piece + 1);
  }
  while (held > 1) merge_last(--held, pieces);
}

/// Whether chunks are summed one after the other; else each has a place.
inline bool sums_in_turn(const Executor& executor) { return executor.threads() == 1; }

/// How many places the sums of chunks need.
inline Index places_of(const Chunks& chunks, const Executor& executor) {
  return sums_in_turn(executor) ? places_in_turn(chunks.size()) : chunks.size();
}

/// Sums all chunks, `sum(chunk index, first channel, last channel, place)`, and merges them as
/// `merge_tree` does. See `for_each_task`.
template <typename Scalar, typename Sum, typename Merge>
void reduce_chunks(const Executor& executor, const Chunks& chunks, LoopOrder order,
                   const View<const Scalar>& view, std::size_t inputs, Index most_channels,
                   const Sum& sum, const Merge& merge) {
  if (!sums_in_turn(executor)) {
    for_each_task(executor, chunks, order, view, inputs, most_channels,
                  [&](Index k, Index begin, Index end) { sum(k, begin, end, k); });
    return merge_tree(chunks.size(), merge);
  }
  const auto sum_chunk = [&](Index k, Index place) {
    for (Index c = 0; c < view.channels; c += most_channels)
      sum(k, c, std::min(c + most_channels, view.channels), place);
  };
  merge_in_turn(chunks.size(), sum_chunk, merge);
}

/// into += from.
inline void add_sums(Index count, double* into, const double* from) {
  for (Index k = 0; k < count; ++k) into[k] += from[k];
}

}  // namespace batchnorm::detail
