#pragma once

#include <algorithm>
#include <array>

#include "cache_size.hpp"
#include "channels.hpp"
#include "chunks.hpp"
#include "joined_rows.hpp"

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
  return N + M - static_cast<std::size_t>(std::count_if(to.begin(), to.end(), [&](const auto& out) {
           return is_among(out, from);
         }));
}

/// The values of a view that lie beside each other, where channels lie apart.
struct Runs {
  Index of_channel = 0;  ///< 0 where they don't lie apart, or have less than a packet
  Index channels = 1;    ///< whose runs follow each other, at most

  template <typename Scalar>
  explicit Runs(View<const Scalar> x) {
    if (arrange(x) != LoopOrder::planes || x.inner < lanes_of_any_packet) return;
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

/// How many of `all` channels move at most `share` bytes through the caches, if each moves `bytes`;
/// at least one.
inline Index channels_within(Index all, double bytes, double share) {
  const Index most = std::max<Index>(static_cast<Index>(share / bytes), 1);
  return most < all ? without_split_lines(divide_up(all, divide_up(all, most))) : all;
}

/// How many channels a single thread takes at once, if each moves `bytes`: as many as fill half of
/// the second-level cache, or one that fits in all of it. Where not even one does, so many that the
/// last level has them still.
inline Index channels_that_stay(Index all, double bytes, double l2, const LastLevelShares& last) {
  if (bytes <= l2) return channels_within(all, bytes, l2 / 2);
  if (static_cast<double>(all) * bytes <= last.whole_call) return all;
  return channels_within(all, bytes, last.part);
}

/// How many channels each of `threads` threads takes at once, at most `together`, so that all have
/// as much to do; 0 where some would wait for long.
inline Index channels_for_threads(Index all, Index together, Index threads) {
  const Index parts = divide_up(divide_up(all, together), threads) * threads;
  const Index each = divide_up(all, parts);
  const Index turns = divide_up(divide_up(all, each), threads);
  return 4 * turns * each * threads <= 5 * all ? each : 0;
}

/// The parts of a call of two passes that reads `from` and writes `to`.
class CallParts {
 public:
  /// For so many threads.
  template <typename Scalar, std::size_t N, std::size_t M>
  CallParts(const std::array<View<const Scalar>, N>& from, const std::array<View<Scalar>, M>& to,
            const Options& options, Index threads)
      : whole_(all_channels(from[0], N + M, options)), each_(from[0].channels) {
    const Index all = each_;
    const auto long_runs = [&](Index channels) {
      return Runs(from[0]).of(channels) * Index{sizeof(Scalar)} >= least_run_bytes;
    };
    const double bytes = channel_bytes(from[0], arrays_in_caches(from, to, whole_.around_caches));
    const double l2 = l2_bytes(options);
    const Index in_thread =
        threads > 1 && bytes <= l2
            ? channels_for_threads(all, channels_within(all, bytes, l2 / 2), threads)
            : 0;
    in_one_thread_ = in_thread > 0 && long_runs(in_thread);
    if (in_one_thread_) {
      each_ = in_thread;
    } else {
      const Index together =
          channels_that_stay(all, bytes, threads == 1 ? l2 : 0.0, last_level_shares(options));
      if (together < all && long_runs(together)) each_ = together;
    }
  }

  Index size() const { return divide_up(whole_.range.end, each_); }

  CallPart operator[](Index part) const {
    const Index begin = part * each_;
    return {{begin, std::min(begin + each_, whole_.range.end)}, whole_.around_caches};
  }

  /// Whether both passes of a part are one task, which finds in its core's cache what it has read;
  /// else each pass is shared out by itself.
  bool in_one_thread() const { return in_one_thread_; }

 private:
  /// Samples often lie a multiple of 4096 bytes apart, and what lies at the same place of many
  /// pages stays in no cache.
  static constexpr Index least_run_bytes = 4096;

  CallPart whole_;
  Index each_;
  bool in_one_thread_ = false;
};

}  // namespace batchnorm::detail
