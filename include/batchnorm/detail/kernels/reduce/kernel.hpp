#ifndef BATCHNORM_REDUCE_KERNEL
#define BATCHNORM_REDUCE_KERNEL

#include "loops.hpp"
#include "pilot.hpp"

// What a reduction's kernel is given and what it gives. A kernel says what is summed:
//   Data, inputs, sums     the type and number of its inputs, the number of its sums in double
//   Scalar                 the type in which it computes
//   Coefficients<P>        what it needs of a channel, or of a packet of channels
//   Part<P>                sums of some rows, in the making; `settle` closes a level of it
//   rows_in_block          how many rows a part takes before it enters the sums in double
//   begin                  begins a chunk: what it needs of a channel, and sums of nothing
//   none, add, merge       a part of no row; one or some more rows; two parts
//   idle                   inputs that change no sum
//   enter                  adds a part to the sums in double
// A row is a packet of each input: of as many channels, or of one channel's neighbours.
namespace batchnorm::detail::BATCHNORM_TARGET {

template <typename Kernel>
using ViewsOf = Views<typename Kernel::Data, Kernel::inputs>;

template <typename Kernel>
using Pointers = std::array<const typename Kernel::Data*, Kernel::inputs>;

template <typename Kernel>
using Strides = std::array<Index, Kernel::inputs>;

template <typename Kernel>
using WideOf = PacketOf<typename Kernel::Data>;

template <typename Kernel>
Pointers<Kernel> pointers_at(const ViewsOf<Kernel>& views, Index o, Index c, Index i) {
  Pointers<Kernel> result;
  for (std::size_t k = 0; k < Kernel::inputs; ++k)
    result[k] = views[k].data + views[k].offset(o, c, i);
  return result;
}

template <typename Pointer, std::size_t N>
std::array<Pointer, N> advanced(std::array<Pointer, N> pointers, Index by) {
  unroll<N>([&](auto k) { pointers[k] += by; });
  return pointers;
}

template <typename Pointer, std::size_t N>
std::array<Pointer, N> advanced(std::array<Pointer, N> pointers, const std::array<Index, N>& by,
                                Index times = 1) {
  unroll<N>([&](auto k) { pointers[k] += by[k] * times; });
  return pointers;
}

/// A packet of each input.
template <typename Kernel>
using Row = std::array<WideOf<Kernel>, Kernel::inputs>;

template <typename Kernel>
Row<Kernel> row_at(const Pointers<Kernel>& from) {
  Row<Kernel> row;
  unroll<Kernel::inputs>([&](auto k) { row[k] = load<WideOf<Kernel>>(from[k]); });
  return row;
}

/// Sums in double: sum k of lane l is `totals[k][l]`.
template <typename Kernel>
using Totals = std::array<std::array<double, std::size_t{lanes<WideOf<Kernel>>}>, Kernel::sums>;

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
