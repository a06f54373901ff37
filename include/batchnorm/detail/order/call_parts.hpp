#pragma once

#include <algorithm>

#include "cache_size.hpp"
#include "channels.hpp"
#include "joined_rows.hpp"

// A call of two passes takes so many channels at a time that the second pass finds near what the
// first has read.
namespace batchnorm::detail {

/// How a call treats its arrays: which channels, and whether results go around the caches.
struct CallPart {
  ChannelRange range;
  bool around_caches = false;
};

/// A call of one pass over `arrays` arrays of x's shape.
template <typename Scalar>
CallPart all_channels(const View<const Scalar>& x, std::size_t arrays, const Options& options) {
  const double bytes = static_cast<double>(x.count()) * static_cast<double>(x.channels) *
                       static_cast<double>(arrays * sizeof(Scalar));
  return {{0, x.channels}, exceeds_cache(bytes, options)};
}

/// How many channels a call of two passes takes at once. Where channels lie apart and the arrays
/// exceed the caches, so few that what the first pass has read is still near for the second.
template <typename Scalar>
Index channels_together(const View<const Scalar>& x, std::size_t arrays) {
  constexpr double part_bytes = 2e6;
  constexpr double worth_cutting = 16e6;
  const double bytes = static_cast<double>(x.count()) * sizeof(Scalar);
  const bool apart = x.channel_stride >= x.inner && x.inner > 1 && x.inner >= lanes_of_any_packet;
  const bool large =
      bytes * static_cast<double>(x.channels) * static_cast<double>(arrays) > worth_cutting;
  const Index together = apart && large ? static_cast<Index>(part_bytes / bytes) : x.channels;
  return std::max<Index>(together, 1);
}

/// Calls `visit(part)` for parts of a call of two passes over `arrays` arrays of x's shape.
template <typename Scalar, typename Visit>
void for_each_part(const View<const Scalar>& x, std::size_t arrays, const Options& options,
                   const Visit& visit) {
  CallPart part = all_channels(x, arrays, options);
  const Index step = channels_together(x, arrays);
  for (Index c = 0; c < x.channels; c += step) {
    part.range = {c, std::min(c + step, x.channels)};
    visit(part);
  }
}

}  // namespace batchnorm::detail
