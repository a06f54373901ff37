#pragma once

#include <algorithm>
#include <array>

#include "../kernels/packet/packet.hpp"
#include "cache_size.hpp"
#include "channels.hpp"
#include "chunks.hpp"

// A call of two passes takes so many channels at a time that the second pass finds near what the
// first has read.
namespace batchnorm::detail {

/// How a call treats its arrays: which channels, and whether results go around the caches.
struct CallPart {
  ChannelRange range;
  bool around_caches = false;
};

/// Bytes of one channel in so many arrays of x's shape.
template <typename Scalar>
double channel_bytes(const View<const Scalar>& x, std::size_t arrays) {
  return static_cast<double>(x.count()) * static_cast<double>(arrays * sizeof(Scalar));
}

/// A call of one pass over `arrays` arrays of x's shape.
template <typename Scalar>
CallPart all_channels(const View<const Scalar>& x, std::size_t arrays, const Options& options) {
  const double bytes = channel_bytes(x, arrays) * static_cast<double>(x.channels);
  return {{0, x.channels}, exceeds_cache(bytes, options)};
}

/// How many arrays pass through the caches: those that are read, and outputs in memory of their
/// own unless they go around.
template <typename Scalar, std::size_t N, std::size_t M>
std::size_t arrays_in_caches(const std::array<View<const Scalar>, N>& from,
                             const std::array<View<Scalar>, M>& to, bool around_caches) {
  if (around_caches) return N;
  const auto is_input = [&](const View<Scalar>& out) {
    return std::any_of(from.begin(), from.end(),
                       [&](const auto& in) { return in.data == out.data; });
  };
  return N + M - static_cast<std::size_t>(std::count_if(to.begin(), to.end(), is_input));
}

/// The values of a view that lie beside each other, where channels lie apart.
struct Runs {
  Index of_channel = 0;  ///< 0 where they don't lie apart, or have less than a packet
  Index channels = 1;    ///< whose runs follow each other, at most

  template <typename Scalar>
  explicit Runs(View<const Scalar> x) {
    if (arrange(x) != LoopOrder::planes || x.inner < lanes<PacketOf<Scalar>>) return;
    of_channel = x.inner;
    if (x.channel_stride == x.inner) channels = x.channels;
  }

  Index of(Index together) const { return of_channel * std::min(together, channels); }
};

/// About `channels`, so that runs of whatever length begin at the beginning of a cache line.
inline Index without_split_lines(Index channels) {
  constexpr Index values_in_line = 16;
  constexpr Index many = 4 * values_in_line;
  return channels < many ? channels : divide_up(channels, values_in_line) * values_in_line;
}

/// How many of `all` channels are taken at once, if each moves `bytes` through the caches: as many
/// as fill half of the second-level cache, or one that fits in all of it. Where not even one does,
/// so many that the last level has them still.
inline Index channels_that_stay(Index all, double bytes, double l2) {
  constexpr double last_level_share = 4e6;
  constexpr double worth_the_last_level = 16e6;
  const double total = static_cast<double>(all) * bytes;
  if (total <= (bytes <= l2 ? l2 / 2 : worth_the_last_level)) return all;
  const double share = bytes <= l2 ? l2 / 2 : last_level_share;
  const Index most = std::max<Index>(static_cast<Index>(share / bytes), 1);
  return without_split_lines(divide_up(all, divide_up(all, most)));
}

/// How many channels of x a call of two passes takes at once, if each moves `bytes` through the
/// caches. All of them where runs would be short: samples often lie a multiple of 4096 bytes apart,
/// and what lies at the same place of many pages stays in no cache.
template <typename Scalar>
Index channels_together(const View<const Scalar>& x, double bytes, const Options& options) {
  constexpr Index least_run_bytes = 4096;
  const Index channels = channels_that_stay(x.channels, bytes, l2_bytes(options));
  const Index run_bytes = Runs(x).of(channels) * Index{sizeof(Scalar)};
  return run_bytes < least_run_bytes ? x.channels : channels;
}

/// Calls `visit(part)` for parts of a call of two passes that reads `from` and writes `to`.
template <typename Scalar, std::size_t N, std::size_t M, typename Visit>
void for_each_part(const std::array<View<const Scalar>, N>& from,
                   const std::array<View<Scalar>, M>& to, const Options& options,
                   const Visit& visit) {
  const View<const Scalar>& x = from[0];
  CallPart part = all_channels(x, N + M, options);
  const double bytes = channel_bytes(x, arrays_in_caches(from, to, part.around_caches));
  const Index step = channels_together(x, bytes, options);
  for (Index c = 0; c < x.channels; c += step) {
    part.range = {c, std::min(c + step, x.channels)};
    visit(part);
  }
}

}  // namespace batchnorm::detail
