#pragma once

#include "problem.hpp"

namespace benchmarks {

/// This library, in place of nobody's layout: the caller's own.
std::unique_ptr<Contender> make_ours(const Problem& problem);

/// Eigen as written well by hand: two passes of `Map<ArrayXf>` expressions per row or per segment.
std::unique_ptr<Contender> make_eigen_map(const Problem& problem);

/// Eigen's Tensor module: reductions over dimensions and broadcasts, one expression a line.
std::unique_ptr<Contender> make_eigen_tensor(const Problem& problem);

/// Eigen's matrix expressions: `colwise()` reductions and `rowwise()` broadcasts. For
/// `Layout::rows`; null otherwise.
std::unique_ptr<Contender> make_eigen_colwise(const Problem& problem);

}  // namespace benchmarks
