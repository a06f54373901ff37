#ifndef BATCHNORM_TRANSFORM_PLANES
#define BATCHNORM_TRANSFORM_PLANES

#include "../../order/short_runs.hpp"
#include "spans.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// A piece of one outer index: some channels, or a part of one.
struct Piece {
  Index outer = 0;
  Index channel = 0;
  Index channels = 0;
  Index inner = 0;
  Index count = 0;  ///< elements of every channel
};

/// The pieces of a view in the order of memory, each of a size that is worth a task. Long channels
/// are cut, short ones stay together.
class Pieces {
 public:
  template <typename Scalar>
  explicit Pieces(const View<Scalar>& view)
      : channels_(view.channels),
        inner_(view.inner),
        channels_each_(std::clamp<Index>(values_each / std::max<Index>(view.inner, 1), 1,
                                         std::max<Index>(view.channels, 1))),
        groups_(divide_up(channels_, channels_each_)),
        cuts_(divide_up(inner_, values_each)),
        size_(view.outer * groups_ * cuts_) {}

  Index size() const { return size_; }
  Index values() const { return channels_each_ * std::min(inner_, values_each); }

  Piece operator[](Index number) const {
    const Index inner = number % cuts_ * values_each;
    const Index channel = number / cuts_ % groups_ * channels_each_;
    return {number / cuts_ / groups_, channel, std::min(channels_each_, channels_ - channel), inner,
            std::min(values_each, inner_ - inner)};
  }

 private:
  static constexpr Index values_each = 16384;

  Index channels_;
  Index inner_;
  Index channels_each_;
  Index groups_;
  Index cuts_;
  Index size_;
};

/// Channels [channel, channel + channels) that follow each other without a gap, `run` elements each
/// and at least a packet: whole packets are written wherever they lie, also where a channel ends in
/// the midst of one.
template <typename Operation>
[[gnu::flatten]] void transform_channels_in_line(Store how, Operation operation, Index channel,
                                                 Index channels, Index run, Places<Operation> at) {
  using Wide = WidePacket<Operation>;
  const auto coefficients_of = [&](Index c) {
    return operation.template coefficients<Wide>(c, Spread::same);
  };
  Index i = elements_to_alignment(at.to[0], lanes<Wide>, run);
  transform_scalars<Spread::same>(operation, channel, at, 0, i);
  auto coefficients = coefficients_of(channel);
  const Index last = channel + channels - 1;
  Index end = run;
  while (true) {
    // Two packets in a round: with one, where the loop lies in memory decides over half of its
    // time.
    for (; i + 2 * lanes<Wide> <= end; i += 2 * lanes<Wide>) {
      transform_at<Wide>(how, operation, coefficients, at, i);
      transform_at<Wide>(how, operation, coefficients, at, i + lanes<Wide>);
    }
    if (i + lanes<Wide> <= end) {
      transform_at<Wide>(how, operation, coefficients, at, i);
      i += lanes<Wide>;
    }
    if (channel == last) break;
    const auto next = coefficients_of(++channel);
    if (i < end) {
      transform_at<Wide>(how, operation, Operation::join(end - i, coefficients, next), at, i);
      i += lanes<Wide>;
    }
    coefficients = next;
    end += run;
  }
  transform_scalars<Spread::same>(operation, channel, at, i, end);
}

/// `count` elements of one channel at any strides.
template <typename Operation>
void transform_strided(const Operation& operation, const CallViews<Operation>& views,
                       const Piece& piece, Index channel) {
  using Scalar = typename Operation::Scalar;
  const auto coefficients = operation.template coefficients<Scalar>(channel, Spread::same);
  for (Index i = piece.inner; i < piece.inner + piece.count; ++i) {
    transform_at<Scalar>(Store::ordinary, operation, coefficients,
                         views.at(piece.outer, channel, i), 0);
  }
}

/// How a call's pieces are walked.
enum class Walk { in_line, by_channel, strided };

template <typename Operation>
Walk walk_of(const CallViews<Operation>& views, TransformLoop loop) {
  if (loop != TransformLoop::planes) return Walk::strided;
  const bool long_enough = views.from[0].inner >= lanes<WidePacket<Operation>>;
  return are_dense(views.from) && are_dense(views.to) && long_enough ? Walk::in_line
                                                                     : Walk::by_channel;
}

/// `count` contiguous elements of one channel.
template <typename Operation>
[[gnu::flatten]] void transform_run(Store how, Operation operation, Index channel,
                                    Places<Operation> at, Index count) {
  transform_span<Spread::same>(how, operation, channel, at, count);
}

template <typename Operation>
void transform_piece(Store how, const Operation& operation, const CallViews<Operation>& views,
                     Walk walk, const Piece& piece) {
  if (walk == Walk::in_line) {
    return transform_channels_in_line(how, operation, piece.channel, piece.channels, piece.count,
                                      views.at(piece.outer, piece.channel, piece.inner));
  }
  for (Index c = piece.channel; c < piece.channel + piece.channels; ++c) {
    if (walk == Walk::by_channel) {
      transform_run(how, operation, c, views.at(piece.outer, c, piece.inner), piece.count);
    } else {
      transform_strided(operation, views, piece, c);
    }
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
