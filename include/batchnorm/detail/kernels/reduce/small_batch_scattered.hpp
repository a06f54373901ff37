#ifndef BATCHNORM_REDUCE_SMALL_BATCH_SCATTERED
#define BATCHNORM_REDUCE_SMALL_BATCH_SCATTERED

#include <algorithm>
#include <array>

#include "moments_kernel.hpp"
#include "small_batch_moments.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Values per channel below which channels that neither lie beside each other nor in runs are
/// brought there.
inline constexpr Index most_scattered_values = 16;

/// All values of some channels, in rows.
template <typename Data>
using Tile = std::array<std::array<Data, std::size_t{lanes<PacketOf<Data>>}>,
                        std::size_t{most_scattered_values}>;

/// Copies all values of channels [c, c + width) into rows of a tile.
template <typename Data>
void stage(const View<const Data>& view, Index c, Index width, Tile<Data>& tile) {
  std::size_t row = 0;
  for (Index o = 0; o < view.outer; ++o) {
    for (Index i = 0; i < view.inner; ++i, ++row) {
      const Data* from = view.data + view.offset(o, c, i);
      for (Index l = 0; l < width; ++l)
        tile[row][static_cast<std::size_t>(l)] = from[l * view.channel_stride];
    }
  }
}

/// Mean and m2 of channels [c_begin, c_end) with fewer than `most_scattered_values` values each,
/// for any strides.
template <typename Data>
void sum_scattered_values(const View<const Data>& view, Index c_begin, Index c_end,
                          const Slots& slots) {
  constexpr Index width = lanes<PacketOf<Data>>;
  Tile<Data> tile{};
  constexpr std::size_t sums_each = MomentsKernel<Data>::sums;
  std::array<double, sums_each * std::size_t{width}> sums;
  const Slots of_tile{sums.data(), width};
  for (Index c = c_begin; c < c_end; c += width) {
    const Index used = std::min(width, c_end - c);
    stage(view, c, used, tile);
    sum_small_batch_rows<1>(SmallBatchMoments<Data>{}, {tile[0].data()}, {width}, view.count(),
                            of_tile, 0);
    for (std::size_t k = 0; k < sums_each; ++k) {
      if (k != 1) std::copy_n(of_tile.row(k), used, slots.row(k) + c);
    }
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
