#ifndef BATCHNORM_REDUCE_SMALL_BATCH_PLANES
#define BATCHNORM_REDUCE_SMALL_BATCH_PLANES

#include <array>

#include "small_batch.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Whether `views` have so few values per channel, in runs of at least a packet, that they are best
/// summed in double.
template <typename Sums>
bool is_small_batch_of_planes(const ViewsOf<Sums>& views, LoopOrder order) {
  return order == LoopOrder::planes && views[0].inner >= lanes<WideOf<Sums>> &&
         views[0].count() <= Sums::most_in_runs;
}

/// The last `left` of `length` contiguous values, at least a packet, and in front of them what
/// changes no sum.
template <typename Sums>
class Tail {
 public:
  Tail(const Row<Sums>& idle, const Pointers<Sums>& from, Index length, Index left) {
    const Row<Sums> last = row_at<Sums>(advanced(from, length - width));
    unroll<Sums::inputs>([&](auto k) {
      store(values_[k].data(), replace_before(width - left, last[k], idle[k]));
      pointers_[k] = values_[k].data();
    });
  }

  const Pointers<Sums>& pointers() const { return pointers_; }

 private:
  static constexpr Index width = lanes<WideOf<Sums>>;

  std::array<std::array<typename Sums::Data, std::size_t{width}>, Sums::inputs> values_;
  Pointers<Sums> pointers_;
};

/// Adds a run of `length` contiguous values, at least a packet.
template <typename Sums>
void add_run(const Sums& sums, typename Sums::Part& part, const Pointers<Sums>& from,
             Index length) {
  constexpr Index width = lanes<WideOf<Sums>>;
  Index i = 0;
  for (; i + width <= length; i += width) sums.add(part, advanced(from, i));
  if (i < length) sums.add(part, Tail<Sums>(sums.idle(part), from, length, length - i).pointers());
}

/// Sums channels [c_begin, c_end), one after the other.
template <typename Sums>
[[gnu::flatten]] void sum_small_batch_planes(const Sums& sums, const ViewsOf<Sums>& views,
                                             Index c_begin, Index c_end, const Slots& slots) {
  const Strides<Sums> step = outer_strides<Sums>(views);
  const double share = share_of(views[0].count());
  for (Index c = c_begin; c < c_end; ++c) {
    const Pointers<Sums> first = pointers_at<Sums>(views, 0, c, 0);
    typename Sums::Part part = sums.begin(c, Spread::same, first);
    const auto add_all = [&](Pointers<Sums> from) {
      for (Index o = 0; o < views[0].outer; ++o, from = advanced(from, step))
        add_run(sums, part, from, views[0].inner);
    };
    add_all(first);
    if constexpr (Sums::looks_again) {
      if (sums.is_far(part, Spread::same, share)) {
        part = sums.again(part, Spread::same, share);
        add_all(first);
      }
    }
    sums.write_one(part, share, slots, c);
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
