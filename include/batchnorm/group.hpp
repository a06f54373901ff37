#pragma once

#include <concepts>

namespace batchnorm {

struct Moments;
struct GradientSums;

/// What makes several workers, each with a layer of its own and a part of the batch, one: threads
/// (thread_group.hpp), processes, machines. `merge` replaces a worker's value by that of all,
/// merged in one order for all of them, and throws where another worker has left; every worker
/// calls it as often as the others, and in the same order. `leave` is called by a worker that
/// fails, so that nobody waits for it.
template <typename T>
concept Group = requires(T& group, Moments& moments, GradientSums& sums) {
  group.merge(moments);
  group.merge(sums);
  { group.leave() }
  noexcept;
};

}  // namespace batchnorm
