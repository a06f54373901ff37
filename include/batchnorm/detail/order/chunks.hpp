#pragma once

#include <algorithm>

#include "order.hpp"

// A reduction is cut into chunks by its shape alone, never by the number of threads: each chunk is
// summed in one fixed order and the chunks are merged in one fixed tree, so that the result has the
// same bits for every number of threads.
namespace batchnorm::detail {

/// Most rows that are summed in `Scalar` before they enter the sums in double.
inline constexpr Index block_rows = 64;

/// Rows after which a part is settled (see `TwoLevelSum`).
inline constexpr Index settled_rows = 16;

/// So many values per channel are never in several chunks.
inline constexpr Index least_chunk = 256;

/// A range of outer and inner.
struct Chunk {
  Index outer_begin = 0;
  Index outer_end = 0;
  Index inner_begin = 0;
  Index inner_end = 0;

  Index count() const { return (outer_end - outer_begin) * (inner_end - inner_begin); }
};

constexpr Index divide_up(Index a, Index b) { return (a + b - 1) / b; }

/// The chunks of one channel, or of all channels of some rows.
class Chunks {
 public:
  template <typename Scalar>
  Chunks(const View<Scalar>& view, LoopOrder order) : outer_(view.outer), inner_(view.inner) {
    if (order == LoopOrder::rows) {
      outer_step_ = std::clamp<Index>(row_chunk_values / std::max<Index>(view.channels, 1),
                                      least_chunk, 4096);
      outer_step_ -= outer_step_ % block_rows;
    } else {
      inner_step_ = std::min(std::max<Index>(inner_, 1), plane_chunk_values);
      if (inner_step_ >= inner_) outer_step_ = runs_of_chunk();
    }
    inner_pieces_ = divide_up(inner_, inner_step_);
  }

  Index size() const { return divide_up(outer_, outer_step_) * inner_pieces_; }

  Chunk operator[](Index k) const {
    const Index o = k / inner_pieces_ * outer_step_;
    const Index i = k % inner_pieces_ * inner_step_;
    return {o, std::min(o + outer_step_, outer_), i, std::min(i + inner_step_, inner_)};
  }

  /// Values per channel in all chunks before chunk `k`, which may be `size()`.
  Index values_before(Index k) const {
    const Index o = std::min(k / inner_pieces_ * outer_step_, outer_);
    return o * inner_ + k % inner_pieces_ * inner_step_;
  }

 private:
  /// Runs are read two at a time; of few runs, each may be a task of its own.
  Index runs_of_chunk() const {
    const Index runs = plane_chunk_values / inner_step_;
    return outer_ < 8 ? runs : runs + runs % 2;
  }

  static constexpr Index row_chunk_values = 262144;
  static constexpr Index plane_chunk_values = 16384;

  Index outer_;
  Index inner_;
  // One of the two axes is cut: where inner is in pieces, outer goes by ones.
  Index outer_step_ = 1;
  Index inner_step_ = 1;
  Index inner_pieces_ = 1;
};

}  // namespace batchnorm::detail
