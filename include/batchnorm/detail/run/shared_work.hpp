#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "work.hpp"

namespace batchnorm::detail {

/// Tasks [0, tasks) in blocks, which the calling thread and helpers share: everybody begins at a
/// place of his own, where he also began in the pass before, and goes on with what others have left
/// over. A helper that comes too late finds nothing to do and touches nothing, so that nobody waits
/// for a thread that has not woken up.
class SharedWork {
 public:
  SharedWork(Index tasks, Index blocks, Index participants, const Work& work)
      : tasks_(tasks),
        participants_(participants),
        claimed_(static_cast<std::size_t>(blocks)),
        work_(work) {}

  /// Works until no block is left. What `work` refers to must live until `wait` returns.
  void take_part(Index participant) {
    const Index first = participant * blocks() / participants_;
    for (Index k = 0; k < blocks(); ++k) run((first + k) % blocks());
  }

  /// Returns when all blocks are done.
  void wait() const {
    while (done_.load(std::memory_order_acquire) < blocks()) std::this_thread::yield();
  }

 private:
  Index blocks() const { return static_cast<Index>(claimed_.size()); }

  void run(Index block) {
    if (claimed_[static_cast<std::size_t>(block)].exchange(true, std::memory_order_relaxed)) return;
    work_(block * tasks_ / blocks(), (block + 1) * tasks_ / blocks());
    done_.fetch_add(1, std::memory_order_release);
  }

  Index tasks_;
  Index participants_;
  std::vector<std::atomic<bool>> claimed_;
  std::atomic<Index> done_{0};
  Work work_;
};

}  // namespace batchnorm::detail
