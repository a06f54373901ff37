#ifndef BATCHNORM_TRANSFORM_SHORT_RUNS
#define BATCHNORM_TRANSFORM_SHORT_RUNS

#include <algorithm>
#include <array>

#include "../../order/channels.hpp"
#include "../../order/short_runs.hpp"
#include "cost.hpp"
#include "rows.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// An operation on places of a row in the place of channels.
template <typename Operation>
class PlaceOperation {
 public:
  static constexpr Index most_places = 1024;

  PlaceOperation(const Operation& operation, const PlaceMap& map)
      : operation_(operation), map_(map) {}

  /// Of `count` places from `first` on; holds until the next call.
  Operation of(Index first, Index count) {
    std::size_t used = 0;
    return operation_.with([&](const Scalar* of_channels) {
      Scalar* values = values_[used++].data();
      repeat_for_places(of_channels, map_, first, count, values);
      return values;
    });
  }

 private:
  using Scalar = typename Operation::Scalar;

  // Aligned to any packet, and not a multiple of 4096 bytes from each other.
  static constexpr std::size_t distance = most_places + lanes_of_any_packet;

  const Operation& operation_;
  PlaceMap map_;
  alignas(64) std::array<std::array<Scalar, distance>, Operation::coefficient_arrays> values_;
};

/// How rows of places are cut: some places of all rows, and of these some rows at a time.
class PlaceTiles {
 public:
  PlaceTiles(Index rows, Index places, Index most_places, Index rows_together)
      : rows_(rows),
        places_(places),
        width_(std::min(places, most_places)),
        height_(divide_up(values_each, width_ * rows_together) * rows_together),
        pieces_(divide_up(rows, height_)) {}

  Index size() const { return pieces_ * divide_up(places_, width_); }
  Index values() const { return width_ * std::min(height_, rows_); }

  ChannelRange places(Index number) const {
    const Index first = number / pieces_ * width_;
    return {first, std::min(first + width_, places_)};
  }

  /// The first piece after `number` that has other places, at most `end`.
  Index next(Index number, Index end) const {
    return std::min((number / pieces_ + 1) * pieces_, end);
  }

  Index row_begin(Index number) const { return number % pieces_ * height_; }
  Index row_end(Index number) const { return std::min(row_begin(number) + height_, rows_); }

 private:
  static constexpr Index values_each = 1 << 16;

  Index rows_;
  Index places_;
  Index width_;
  Index height_;
  Index pieces_;
};

/// Rows of places.
template <typename Operation>
void transform_places(Store how, const Executor& executor, const Operation& operation,
                      const CallViews<Operation>& rows, const PlaceMap& map) {
  constexpr Index most = PlaceOperation<Operation>::most_places;
  const auto& x = rows.from[0];
  if (x.outer == 0) return;
  const Index together = rows_together(how, rows, std::min(x.channels, most),
                                       bytes_moved<Operation>(x.outer * x.channels));
  const PlaceTiles tiles(x.outer, x.channels, most, together);
  executor(tiles.size(), transform_cost<Operation>(tiles.values()), [&](Index begin, Index end) {
    const VectorScope scope;
    PlaceOperation<Operation> on_places(operation, map);
    for (Index next = begin; begin < end; begin = next) {
      next = tiles.next(begin, end);
      const ChannelRange range = tiles.places(begin);
      const CallViews<Operation> some{rows.of(range)};
      transform_row_range(how, on_places.of(range.begin, range.size()), some,
                          tiles.row_begin(begin), tiles.row_end(next - 1), together);
    }
    finish(how);
  });
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
