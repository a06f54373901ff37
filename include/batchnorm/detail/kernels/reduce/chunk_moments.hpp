#ifndef BATCHNORM_REDUCE_CHUNK_MOMENTS
#define BATCHNORM_REDUCE_CHUNK_MOMENTS

#include <algorithm>
#include <array>

#include "moments_kernel.hpp"
#include "reduce.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// The moments of at most `most_channels` channels of one chunk, with second attempts where the
/// first sums are not good.
template <typename Data>
class ChunkMoments {
 public:
  using Kernel = MomentsKernel<Data>;

  ChunkMoments(const View<const Data>& view, const Chunk& chunk, Index c_begin, Index c_end,
               LoopOrder order, const Slots& slots)
      : views_{view},
        chunk_(chunk),
        c_begin_(c_begin),
        c_end_(c_end),
        order_(order),
        slots_(slots) {}

  void run() {
    sum_chunk(Kernel{}, views_, chunk_, c_begin_, c_end_, order_, nullptr, slots_);
    if (finish()) return;
    const FirstAttempt first{slots_.row(0), slots_.row(1), slots_.row(2), chunk_.count()};
    again(Verdict::far_from_origin, Kernel{}, &first);
    for (const Verdict size : {Verdict::too_small, Verdict::vanished, Verdict::too_large})
      again(size, Kernel::rescaled(size), nullptr);
  }

 private:
  static constexpr Index most = most_channels<Kernel>;
  /// Channels that are summed together anyway.
  static constexpr Index packet = RowSums<Kernel>::width;

  Verdict& verdict(Index c) { return verdicts_[static_cast<std::size_t>(c - c_begin_)]; }

  /// From sums to moments; whether all of them are good.
  bool finish() {
    const Kernel kernel;
    if (kernel.finish_all(slots_, c_begin_, c_end_ - c_begin_, chunk_.count())) return true;
    for (Index c = c_begin_; c < c_end_; ++c)
      verdict(c) = kernel.judge(slots_(1, c), slots_(2, c), chunk_.count());
    return false;
  }

  /// Sums the channels of a verdict once more, by the packet; a channel's result does not depend on
  /// its neighbours, so those of another verdict stay.
  void again(Verdict which, const Kernel& kernel, const FirstAttempt* before) {
    for (Index c = c_begin_; c < c_end_; c += packet) {
      const Index end = std::min(c + packet, c_end_);
      const auto wanted = [&](Index channel) { return verdict(channel) == which; };
      bool any = false;
      for (Index channel = c; channel < end; ++channel) any |= wanted(channel);
      if (any) sum_packet(kernel, c, end, before, wanted);
    }
  }

  template <typename Wanted>
  void sum_packet(const Kernel& kernel, Index begin, Index end, const FirstAttempt* before,
                  const Wanted& wanted) {
    constexpr auto stride = std::size_t{2} * packet;
    std::array<double, Kernel::sums * stride> sums;
    const Index base = std::min(begin, std::max<Index>(end - packet, 0));
    const Slots apart{sums.data() - base, Index{stride}};
    sum_chunk(kernel, views_, chunk_, begin, end, order_, before, apart);
    for (Index c = begin; c < end; ++c) {
      if (!wanted(c)) continue;
      kernel.finish_all(apart, c, 1, chunk_.count());
      const Verdict now = kernel.judge(apart(1, c), apart(2, c), chunk_.count());
      for (std::size_t k = 0; k < Kernel::sums; ++k) {
        if (k != 1) slots_(k, c) = apart(k, c);
      }
      verdict(c) = now;
    }
  }

  ViewsOf<Kernel> views_;
  Chunk chunk_;
  Index c_begin_;
  Index c_end_;
  LoopOrder order_;
  Slots slots_;
  std::array<Verdict, std::size_t{most}> verdicts_;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
