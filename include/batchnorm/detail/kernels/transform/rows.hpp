#ifndef BATCHNORM_TRANSFORM_ROWS
#define BATCHNORM_TRANSFORM_ROWS

#include <algorithm>
#include <array>

#include "../../order/cache_size.hpp"
#include "spans.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Rows that are mapped together where that pays, so that coefficients are loaded once for all.
inline constexpr Index row_group = 4;

/// One packet of channels of `Rows` rows, `step` elements from each other. All rows are read before
/// one is written: rows often lie a multiple of 4096 bytes apart, where a load waits for a store in
/// flight.
template <std::size_t Rows, typename Operation>
void transform_column(Store how, const Operation& operation, const Places<Operation>& at,
                      Index step, Index channel) {
  using Wide = WidePacket<Operation>;
  const auto coefficients = operation.template coefficients<Wide>(channel, Spread::per_lane);
  std::array<std::array<Wide, Operation::inputs>, Rows> values;
  const auto place = [&](auto row) { return Index{row} * step + channel; };
  unroll<Rows>([&](auto row) { values[row] = load_inputs<Wide>(at, place(row)); });
  unroll<Rows>(
      [&](auto row) { store_outputs(how, operation(coefficients, values[row]), at, place(row)); });
}

/// All channels, contiguous, of rows [begin, end) by `Rows` rows, which are aligned alike. Rows
/// that are left over stay.
template <std::size_t Rows, typename Operation>
[[gnu::flatten]] void transform_grouped_rows(Store how, Operation operation,
                                             CallViews<Operation> views, Index begin, Index end) {
  using Wide = WidePacket<Operation>;
  const Index step = views.from[0].outer_stride;
  const Index channels = views.from[0].channels;
  const Index first = leading_scalars(how, views.at(begin, 0, 0), channels);
  const Index last = channels - (channels - first) % lanes<Wide>;
  for (Index o = begin; o + Index{Rows} <= end; o += Index{Rows}) {
    Places<Operation> at = views.at(o, 0, 0);
    for (Index c = first; c < last; c += lanes<Wide>) {
      hide_index(c);
      transform_column<Rows>(how, operation, at, step, c);
    }
    for (std::size_t row = 0; row < Rows; ++row, at = next_row(at, views)) {
      transform_scalars<Spread::per_lane>(operation, 0, at, 0, first);
      transform_scalars<Spread::per_lane>(operation, 0, at, last, channels);
    }
  }
}

/// How many rows of a call, of which so many channels are mapped at once, are mapped together: some
/// where memory is so near that loading coefficients costs as much, unless they fill a good part
/// of the nearest cache, or where they leave that cache before the next row wants them; else one,
/// which the processor foresees best.
template <typename Operation>
Index rows_together(Store how, const CallViews<Operation>& views, Index channels, double bytes) {
  using Scalar = typename Operation::Scalar;
  constexpr double near_caches = 1.4e6;
  const auto good_part = static_cast<std::size_t>(machine_core_caches().first * 5 / 8);
  constexpr std::size_t little_of_it = 8 << 10;
  const auto alike = [&](const auto& view) {
    return view.outer_stride == views.from[0].outer_stride;
  };
  if (!std::all_of(views.from.begin(), views.from.end(), alike) ||
      !std::all_of(views.to.begin(), views.to.end(), alike) ||
      (how == Store::streaming && views.to[0].outer_stride % lanes<WidePacket<Operation>> != 0)) {
    return 1;
  }
  const std::size_t coefficients =
      sizeof(CoefficientsOf<Operation, Scalar>) * static_cast<std::size_t>(channels);
  const bool near = bytes < near_caches && coefficients <= little_of_it;
  return near || coefficients > good_part ? row_group : 1;
}

/// All channels, contiguous, of rows [begin, end), one after the other.
template <typename Operation>
[[gnu::flatten]] void transform_single_rows(Store how, Operation operation,
                                            CallViews<Operation> views, Index begin, Index end) {
  const Index channels = views.from[0].channels;
  Places<Operation> at = views.at(begin, 0, 0);
  for (Index o = begin; o < end; ++o, at = next_row(at, views))
    transform_span<Spread::per_lane>(how, operation, 0, at, channels);
}

/// Coefficients of the last channels, and behind them of the first.
template <typename Operation>
using SeamValues =
    std::array<std::array<typename Operation::Scalar, std::size_t{2 * lanes_of_any_packet}>,
               Operation::coefficient_arrays>;

/// `operation` on the packet in which a row of so many channels ends and the next one begins. Its
/// coefficients are in `values`.
template <typename Operation>
Operation at_seam(const Operation& operation, Index channels, SeamValues<Operation>& values) {
  std::size_t used = 0;
  return operation.with([&](const typename Operation::Scalar* of_channels) {
    auto* const both = values[used++].data();
    std::copy_n(of_channels + channels - lanes_of_any_packet, lanes_of_any_packet, both);
    std::copy_n(of_channels, lanes_of_any_packet, both + lanes_of_any_packet);
    return both;
  });
}

/// Rows are mapped as a line by packets of 32 bytes and more: the baseline of x86-64, which
/// only old processors take, does without another loop.
template <typename Operation>
inline constexpr bool has_line =
    sizeof(typename Operation::Scalar) * std::size_t{lanes<WidePacket<Operation>>} >= 32;

/// Whether rows are mapped as one line, in which whole packets can be stored around the caches
/// wherever a row ends. In rows by themselves both ends are written through the caches, row for
/// row. Coefficients are then loaded from anywhere: where every such load takes two lines of the
/// nearest cache, long rows stay by themselves.
template <typename Operation>
bool are_line(Store how, const CallViews<Operation>& views) {
  constexpr Index packet = lanes<WidePacket<Operation>>;
  constexpr bool fills_line = packet * Index{sizeof(typename Operation::Scalar)} >= 64;
  constexpr Index long_row = 128;
  const Index channels = views.from[0].channels;
  return how == Store::streaming && channels >= lanes_of_any_packet &&
         (!fills_line || channels < long_row) && follow_each_other(views.from) &&
         follow_each_other(views.to) &&
         (channels % packet != 0 || elements_to_alignment(views.to[0].data, packet, packet) > 0);
}

/// Rows [begin, end), at least one, that are a line.
template <typename Operation>
[[gnu::flatten]] void transform_line(Store how, Operation operation, CallViews<Operation> views,
                                     Index begin, Index end) {
  using Wide = WidePacket<Operation>;
  const Index channels = views.from[0].channels;
  const Operation of_rows = operation;  // which leaves `operation` itself in registers
  SeamValues<Operation> values;
  const Operation seam = at_seam(of_rows, channels, values);
  Places<Operation> at = views.at(begin, 0, 0);
  Index c = leading_scalars(how, at, channels);
  transform_scalars<Spread::per_lane>(operation, 0, at, 0, c);
  for (Index o = begin; o < end; ++o, at = next_row(at, views), c -= channels) {
    c = transform_packets(how, operation, 0, at, c, channels);
    if (c == channels) continue;
    if (o + 1 == end) {
      transform_scalars<Spread::per_lane>(operation, 0, at, c, channels);
      break;
    }
    const Index place = c - channels + lanes_of_any_packet;
    transform_at<Wide>(how, seam, seam.template coefficients<Wide>(place, Spread::per_lane), at, c);
    c += lanes<Wide>;
  }
}

template <typename Operation>
void transform_row_range(Store how, const Operation& operation, const CallViews<Operation>& views,
                         Index begin, Index end, Index group) {
  if constexpr (has_line<Operation>) {
    if (group == 1 && are_line(how, views))
      return transform_line(how, operation, views, begin, end);
  }
  const Index left_over = group == row_group ? (end - begin) % row_group : end - begin;
  transform_grouped_rows<row_group>(how, operation, views, begin, end - left_over);
  transform_single_rows(how, operation, views, end - left_over, end);
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
