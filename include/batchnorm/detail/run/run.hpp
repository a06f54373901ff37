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

/// Runs everything in the calling thread.
struct SerialExecutor {
  Index threads() const { return 1; }
  Index threads_for(double /*values*/) const { return 1; }
  SerialExecutor alone() const { return {}; }

  template <typename Work>
  void operator()(Index tasks, const TaskCost& /*cost*/, const Work& work) const {
    if (tasks > 0) work(Index{0}, tasks);
  }
};

/// A device whose pool takes single functions.
template <typename Device>
concept PooledDevice = requires(const Device& device, std::function<void()> function) {
  device.getPool()->Schedule(function);
};

/// Shares ranges of tasks with the threads of an Eigen device. Which thread takes which range must
/// not matter. Work that is done before a thread would wake up stays in the calling thread.
template <ThreadedDevice Device>
class DeviceExecutor {
 public:
  explicit DeviceExecutor(const Device& device)
      : DeviceExecutor(device, static_cast<Index>(device.numThreads())) {}

  Index threads() const { return threads_; }

  /// How many threads are worth waking for so many values.
  Index threads_for(double values) const {
    return static_cast<Index>(
        std::clamp(values / values_per_block, 1.0, static_cast<double>(threads_)));
  }

  /// The same, for what a task does in its own thread.
  DeviceExecutor alone() const { return {device_, 1}; }

  template <typename Work>
  void operator()(Index tasks, const TaskCost& cost, const Work& work) const {
    const double values = cost.values * static_cast<double>(tasks);
    const auto worthwhile = static_cast<Index>(values / values_per_block);
    const Index blocks = std::min({tasks, worthwhile, blocks_per_thread * threads()});
    if (threads() == 1 || blocks < 2) return SerialExecutor{}(tasks, cost, work);
    if constexpr (PooledDevice<Device>) {
      share(tasks, blocks, work);
    } else {
      const Eigen::TensorOpCost per_task(cost.bytes_read, cost.bytes_written, cost.values);
      device_.parallelFor(tasks, per_task, [&work](Index first, Index last) { work(first, last); });
    }
  }

 private:
  static constexpr double values_per_block = 1 << 16;
  static constexpr Index blocks_per_thread = 4;

  DeviceExecutor(const Device& device, Index threads) : device_(device), threads_(threads) {}

  /// The calling thread works too: it need not wake up, and threads of the pool that do find work
  /// in place of spinning beside it.
  void share(Index tasks, Index blocks, const SharedWork::Work& work) const {
    const Index helpers = std::min(threads(), blocks);
    const auto shared = std::make_shared<SharedWork>(tasks, blocks, helpers + 1, work);
    for (Index helper = 1; helper <= helpers; ++helper)
      device_.getPool()->Schedule([shared, helper] { shared->take_part(helper); });
    shared->take_part(0);
    shared->wait();
  }

  const Device& device_;
  Index threads_;
};

template <ThreadedDevice Device>
DeviceExecutor<Device> executor_for(const Device& device) {
  return DeviceExecutor<Device>(device);
}

inline SerialExecutor executor_for(const Eigen::DefaultDevice& /*device*/) { return {}; }

}  // namespace batchnorm::detail
