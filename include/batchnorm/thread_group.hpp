#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "gradient_sums.hpp"
#include "group.hpp"
#include "moments.hpp"

namespace batchnorm {

/// Threads that train one batch in parts, each with a layer of its own. Every worker takes part
/// through a `Member`:
///
///     ThreadGroup group(4);
///     // in thread k:
///     ThreadGroup::Member member(group, k);
///     y = norm.forward(member, x);
///     dx = norm.backward(member, x, dy);
///
/// What is merged depends on the parts and their numbers alone, not on which thread comes first. A
/// member that is destroyed leaves: whoever then waits for it, or comes to wait, throws
/// `std::invalid_argument`. Opt-in: batchnorm.hpp does not include this header.
class ThreadGroup {
 public:
  class Member;

  /// Of at least 1 worker.
  explicit ThreadGroup(int workers) : parts_(checked(workers)) {}

  /// How many workers there are.
  [[nodiscard]] int workers() const { return static_cast<int>(parts_.size()); }

 private:
  /// What a worker brings to a merge, and what it takes away.
  template <typename Value>
  struct Merged {
    Value own;
    Value all;
  };

  struct Part {
    Merged<Moments> moments;
    Merged<GradientSums> sums;
  };

  static std::size_t checked(int workers) {
    if (workers < 1) detail::refuse("expected a group of at least 1 worker, got ", workers, ".");
    return static_cast<std::size_t>(workers);
  }

  /// Returns when all workers are here; throws where one has left.
  void meet() {
    std::unique_lock lock(mutex_);
    const auto turn = turn_;
    if (++here_ == parts_.size()) {
      here_ = 0;
      ++turn_;
      changed_.notify_all();
    }
    changed_.wait(lock, [&] { return turn_ != turn || left_; });
    if (turn_ == turn) {
      detail::refuse(
          "another worker left the group, by an exception or at its end: every worker makes the "
          "same calls, also one whose part is empty.");
    }
  }

  /// Puts the merge of all parts into `value`. The second meeting keeps every part until all have
  /// read it.
  template <typename Value>
  void merge(std::size_t worker, Merged<Value> Part::*which, Value& value) {
    auto& [own, all] = parts_[worker].*which;
    own = value;
    meet();
    all = (parts_.front().*which).own;
    for (std::size_t k = 1; k < parts_.size(); ++k) all.merge((parts_[k].*which).own);
    meet();
    std::swap(value, all);
  }

  void leave() noexcept {
    const std::lock_guard lock(mutex_);
    left_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Part> parts_;
  std::size_t here_ = 0;
  std::size_t turn_ = 0;
  bool left_ = false;
};

/// A worker's place in a group, which must outlive it.
class ThreadGroup::Member {
 public:
  /// Worker number `worker`, from 0; each number once. Throws `std::invalid_argument` for others.
  Member(ThreadGroup& group, int worker) : group_(group), worker_(checked(group, worker)) {}
  ~Member() { leave(); }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  Member(Member&&) = delete;
  Member& operator=(Member&&) = delete;

  /// Makes these the moments of all workers.
  void merge(Moments& moments) { group_.merge(worker_, &Part::moments, moments); }

  /// Makes these the gradient sums of all workers.
  void merge(GradientSums& sums) { group_.merge(worker_, &Part::sums, sums); }

  /// Makes every other worker throw that waits for this one, now or later.
  void leave() noexcept { group_.leave(); }

 private:
  static std::size_t checked(const ThreadGroup& group, int worker) {
    if (worker < 0 || worker >= group.workers()) {
      detail::refuse("expected the number of a worker from 0 to ", group.workers() - 1, ", got ",
                     worker, ".");
    }
    return static_cast<std::size_t>(worker);
  }

  ThreadGroup& group_;
  std::size_t worker_;
};

}  // namespace batchnorm
