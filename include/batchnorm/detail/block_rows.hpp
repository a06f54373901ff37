#pragma once

#include "chunks.hpp"
#include "lanes.hpp"

// What a reduction's kernel is given: where the rows of a block lie, and where its sums are kept.
namespace batchnorm::detail {

template <typename Scalar, std::size_t N>
using Views = std::array<View<const Scalar>, N>;

/// Where a chunk's sums are: sum k of channel c is `first[k * stride + c]`.
struct Slots {
  double *first;
  Index stride;

  double &operator()(std::size_t k, Index c) const {
    return first[static_cast<Index>(k) * stride + c];
  }
};

template <typename Kernel>
auto lanes_at(const Slots &slots, Index channel, Index first, Index last) {
  Lanes<Kernel::sums> result{{}, first, last};
  for (std::size_t k = 0; k < Kernel::sums; ++k) result.sums[k] = &slots(k, channel);
  return result;
}

template <typename Kernel>
using Pointers = std::array<const typename Kernel::Scalar *, Kernel::inputs>;

template <typename Kernel>
Pointers<Kernel> pointers_at(const Views<typename Kernel::Scalar, Kernel::inputs> &views, Index o,
                             Index c, Index i) {
  Pointers<Kernel> result;
  for (std::size_t k = 0; k < Kernel::inputs; ++k)
    result[k] = views[k].data + views[k].offset(o, c, i);
  return result;
}

/// Rows that lie a fixed step apart.
template <typename Kernel>
struct SteppedRows {
  Pointers<Kernel> from;
  std::array<Index, Kernel::inputs> step;

  const auto *operator()(std::size_t input, Index row) const {
    return from[input] + row * step[input];
  }
};

/// Rows that lie anywhere.
template <typename Kernel>
struct ListedRows {
  std::array<Pointers<Kernel>, std::size_t{listed_rows}> rows;

  const auto *operator()(std::size_t input, Index row) const {
    return rows[static_cast<std::size_t>(row)][input];
  }
};

}  // namespace batchnorm::detail
