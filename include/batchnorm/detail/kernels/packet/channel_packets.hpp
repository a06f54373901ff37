#pragma once

#include "packet.hpp"

// What is computed per channel in double: by the packet, and for channels that are left over behind
// whole packets one by one. Whoever computes says of every product that meets a sum whether it is
// fused (`multiply_add`) or not (`held`), so that equal channels get equal bits wherever they
// stand.
namespace batchnorm::detail {

/// The values of a packet of channels, or of one, in arrays of one value per channel.
template <typename Packet>
class ChannelsAt {
 public:
  using P = Packet;

  explicit ChannelsAt(Index first) : first_(first) {}

  P load(const double* values) const { return detail::load<P>(values + first_); }
  void store(double* values, const P& packet) const { detail::store(values + first_, packet); }

 private:
  Index first_;
};

/// Calls `visit` with `ChannelsAt<P>`, where P is a packet or a double, until all channels are
/// visited.
template <typename Visit>
void for_each_channel_packet(Index channels, const Visit& visit) {
  using Wide = PacketOf<double>;
  Index c = 0;
  for (; c + lanes<Wide> <= channels; c += lanes<Wide>) visit(ChannelsAt<Wide>(c));
  for (; c < channels; ++c) visit(ChannelsAt<double>(c));
}

}  // namespace batchnorm::detail
