#pragma once

#include <algorithm>

#include "../../order/channel_array.hpp"
#include "../../order/channels.hpp"
#include "../../order/short_runs.hpp"
#include "channel_moments.hpp"
#include "tasks.hpp"

namespace batchnorm::detail {

/// Memory that reductions need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
class SumsWorkspace {
 public:
  ChannelArray<double> chunks;
  ChannelArray<double> joined;
  ChannelArray<double> runs;

  SumsWorkspace() = default;
  explicit SumsWorkspace(const Source& source) : chunks(source), joined(source), runs(source) {}

  SumsWorkspace(const SumsWorkspace& /*other*/) {}
  SumsWorkspace(SumsWorkspace&&) noexcept = default;
  /// What is summed is no part of a value that is copied.
  SumsWorkspace& operator=(const SumsWorkspace& /*other*/) { return *this; }
  SumsWorkspace& operator=(SumsWorkspace&&) noexcept = default;
  ~SumsWorkspace() = default;

  /// Room in `values` for the moments of `channels` channels, with a low part of the mean or
  /// without.
  static ChannelMoments moments_of(ChannelArray<double>& values, Index channels, bool has_low) {
    values.resize((has_low ? 3 : 2) * channels);
    double* const first = values.data();
    return {first, has_low ? first + 2 * channels : nullptr, first + channels};
  }

  bool is_on_heap() const { return chunks.source().is_heap(); }

  /// Bytes that the moments of `view`, arranged, need where chunks are summed in turn: of `sums`
  /// sums. Of planes that may be read as rows of places, which depends on the size of a packet, the
  /// more that either needs.
  template <typename Scalar>
  static std::size_t bytes_of(const View<const Scalar>& view, LoopOrder order, Index sums) {
    const std::size_t bytes = bytes_of_rows(view, order, sums);
    if (order != LoopOrder::planes || view.inner >= lanes_of_any_packet ||
        !are_dense(std::array{view}))
      return bytes;
    const View<const Scalar> rows = lined_up(std::array{view})[0];
    return std::max(
        bytes, bytes_of_values(3 * rows.channels) + bytes_of_rows(rows, LoopOrder::rows, sums));
  }

  /// Begins a reduction, for planes like those of `view` also with room for those whose runs are so
  /// short that they are read as rows of places: of `sums` sums for every place and chunk. A packet
  /// has `packet` values.
  template <typename Scalar>
  void make_room(const Executor& executor, const View<const Scalar>& view, LoopOrder order,
                 Index sums, Index packet) {
    if (!is_on_heap()) return begin_anew();
    if (order != LoopOrder::planes || (view.outer <= outer_ && view.channels <= channels_)) return;
    outer_ = std::max(outer_, view.outer);
    channels_ = std::max(channels_, view.channels);
    for (Index run = 2; run < packet; ++run) {
      const Index together = rows_to_join(channels_ * run, outer_);
      View<const Scalar> rows;
      rows.outer = outer_ / together;
      rows.channels = channels_ * run * together;
      rows.inner = 1;
      chunks.reserve(places_of(Chunks(rows, LoopOrder::rows), executor) * rows.channels * sums);
      joined.reserve(3 * rows.channels);
      runs.reserve(3 * channels_ * run);
    }
  }

 private:
  static constexpr std::size_t bytes_of_values(Index values) {
    return whole_lines(static_cast<std::size_t>(values) * sizeof(double));
  }

  template <typename Scalar>
  static std::size_t bytes_of_rows(View<const Scalar> view, LoopOrder order, Index sums) {
    std::size_t bytes = 0;
    if (can_join(std::array{view}, order)) {
      view = JoinedRows(std::array{view}).whole[0];
      bytes = bytes_of_values(3 * view.channels);
    }
    return bytes +
           bytes_of_values(places_in_turn(Chunks(view, order).size()) * sums * view.channels);
  }

  void begin_anew() {
    for (ChannelArray<double>* values : {&chunks, &joined, &runs}) values->forget();
    chunks.source().arena().give_back_all();
  }

  Index outer_ = 0;
  Index channels_ = 0;
};

}  // namespace batchnorm::detail
