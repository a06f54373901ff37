#pragma once

#include <algorithm>
#include <array>

#include "packet.hpp"

// What is computed per channel in double, by the packet. The channels that are left over behind
// whole packets go through a packet too: the same instructions for every channel give equal
// channels equal bits, wherever they stand.
namespace batchnorm::detail {

/// The values of a packet of channels, in arrays of one value per channel.
class WholePacket {
 public:
  using Wide = PacketOf<double>;

  explicit WholePacket(Index first) : first_(first) {}

  Wide load(const double* values) const { return detail::load<Wide>(values + first_); }
  void store(double* values, const Wide& packet) const { detail::store(values + first_, packet); }

 private:
  Index first_;
};

/// The same of less than a packet of channels; the other lanes hold 1.
class PartOfPacket {
 public:
  using Wide = PacketOf<double>;

  PartOfPacket(Index first, Index count) : first_(first), count_(count) {}

  Wide load(const double* values) const {
    Lanes some;
    some.fill(1.0);
    std::copy_n(values + first_, count_, some.data());
    return detail::load<Wide>(some.data());
  }

  void store(double* values, const Wide& packet) const {
    Lanes all;
    detail::store(all.data(), packet);
    std::copy_n(all.data(), count_, values + first_);
  }

 private:
  using Lanes = std::array<double, std::size_t{lanes<Wide>}>;

  Index first_;
  Index count_;
};

/// Calls `visit` with a `WholePacket` or `PartOfPacket` until `count` channels are visited.
template <typename Visit>
void for_each_channel_packet(Index count, const Visit& visit) {
  constexpr Index width = lanes<PacketOf<double>>;
  Index c = 0;
  for (; c + width <= count; c += width) visit(WholePacket(c));
  if (c < count) visit(PartOfPacket(c, count - c));
}

}  // namespace batchnorm::detail
