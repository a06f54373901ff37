#pragma once

#include <memory>

#include "../../execution.hpp"
#include "shared_work.hpp"

// This room is where work runs: in the calling thread, or shared with the threads of a device.
// In: a number of tasks, and what one of them costs.
// Out: every task done, in any order, by whichever thread.
namespace batchnorm::detail {

using Eigen::Index;

/// What one task moves and computes, so that a device can tell whether threads are worth waking.
struct TaskCost {
  double bytes_read = 0;
  double bytes_written = 0;
  double values = 0;  ///< of every array
};

/// A device whose pool takes single functions.
template <typename Device>
concept PooledDevice = requires(const Device& device, std::function<void()> function) {
  device.getPool()->Schedule(function);
};

/// Shares ranges of tasks in `blocks` blocks. The calling thread works too: it need not wake up,
/// and threads of the pool that do find work in place of spinning beside it.
template <ThreadedDevice Device>
requires PooledDevice<Device>
void share(const Device& device, Index tasks, Index blocks, const TaskCost& /*cost*/,
           const Work& work) {
  const Index helpers = std::min(static_cast<Index>(device.numThreads()), blocks);
  const auto shared = std::make_shared<SharedWork>(tasks, blocks, helpers + 1, work);
  for (Index helper = 1; helper <= helpers; ++helper)
    device.getPool()->Schedule([shared, helper] { shared->take_part(helper); });
  shared->take_part(0);
  shared->wait();
}

/// The same by what every threaded device has.
template <ThreadedDevice Device>
void share(const Device& device, Index tasks, Index /*blocks*/, const TaskCost& cost,
           const Work& work) {
  const Eigen::TensorOpCost per_task(cost.bytes_read, cost.bytes_written, cost.values);
  device.parallelFor(tasks, per_task, [work](Index first, Index last) { work(first, last); });
}

/// Runs tasks in the calling thread, or shares ranges of them with the threads of an Eigen device.
/// Which thread takes which range must not matter. Work that is done before a thread would wake up
/// stays in the calling thread. One type for all devices, so that kernels are compiled once.
class Executor {
 public:
  Executor() = default;

  explicit Executor(const Eigen::DefaultDevice& /*device*/) {}

  template <ThreadedDevice Device>
  explicit Executor(const Device& device)
      : device_(&device),
        threads_(static_cast<Index>(device.numThreads())),
        share_(
            [](const void* of, Index tasks, Index blocks, const TaskCost& cost, const Work& work) {
              detail::share(*static_cast<const Device*>(of), tasks, blocks, cost, work);
            }) {}

  Index threads() const { return threads_; }

  /// How many threads are worth waking for so many values.
  Index threads_for(double values) const {
    return static_cast<Index>(
        std::clamp(values / values_per_block, 1.0, static_cast<double>(threads_)));
  }

  /// Calls `function(first, last)` until tasks [0, tasks) are done.
  template <typename Function>
  void operator()(Index tasks, const TaskCost& cost, const Function& function) const {
    run(tasks, cost, Work::of(function));
  }

 private:
  static constexpr double values_per_block = 1 << 16;
  static constexpr Index blocks_per_thread = 4;

  void run(Index tasks, const TaskCost& cost, const Work& work) const {
    if (tasks == 0) return;
    const double values = cost.values * static_cast<double>(tasks);
    const auto worthwhile = static_cast<Index>(values / values_per_block);
    const Index blocks = std::min({tasks, worthwhile, blocks_per_thread * threads_});
    if (threads_ == 1 || blocks < 2) {
      work(0, tasks);
    } else {
      share_(device_, tasks, blocks, cost, work);
    }
  }

  const void* device_ = nullptr;
  Index threads_ = 1;
  void (*share_)(const void*, Index, Index, const TaskCost&, const Work&) = nullptr;
};

}  // namespace batchnorm::detail
