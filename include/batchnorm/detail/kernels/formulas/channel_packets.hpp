#ifndef BATCHNORM_FORMULAS_CHANNEL_PACKETS
#define BATCHNORM_FORMULAS_CHANNEL_PACKETS

#include "../../order/channels.hpp"
#include "../packet/widened.hpp"

// What is computed per channel in double: by the packet, and for channels that are left over behind
// whole packets one by one, so that equal channels get equal bits wherever they stand.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// `a`, rounded to `Scalar`, in double.
template <typename Scalar, typename P>
P rounded_to(const P& a) {
  if constexpr (std::is_same_v<Scalar, double>) {
    return a;
  } else if constexpr (is_scalar<P>) {
    return static_cast<double>(held(static_cast<Scalar>(a)));
  } else {
    return {rounded_to_float(a.raw)};
  }
}

/// The values of a packet of channels, or of one, in arrays of one value per channel, all in
/// double: what is stored as float is rounded once.
template <typename Packet>
class ChannelsAt {
 public:
  using P = Packet;

  explicit ChannelsAt(Index first) : first_(first) {}

  template <typename Scalar>
  P load(const Scalar* values) const {
    return load_in_double<P>(values + first_);
  }

  /// `values` may be null: then the same for all channels.
  template <typename Scalar>
  P load_or(const Scalar* values, double otherwise) const {
    return values == nullptr ? broadcast<P>(otherwise) : load(values);
  }

  void store(double* values, const P& packet) const { kernels::store(values + first_, packet); }

  void store(float* values, const P& packet) const {
    if constexpr (is_scalar<P>) {
      values[first_] = static_cast<float>(packet);
    } else {
      store_narrowed(values + first_, packet.raw);
    }
  }

 private:
  Index first_;
};

/// Calls `visit` with `ChannelsAt<P>`, where P is a packet or a double, until all channels are
/// visited.
template <typename Visit>
void for_each_channel_packet(const ChannelRange& range, const Visit& visit) {
  using Wide = PacketOf<double>;
  Index c = range.begin;
  for (; c + lanes<Wide> <= range.end; c += lanes<Wide>) visit(ChannelsAt<Wide>(c));
  for (; c < range.end; ++c) visit(ChannelsAt<double>(c));
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
