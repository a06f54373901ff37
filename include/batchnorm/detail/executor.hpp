#pragma once

#include "../execution.hpp"

namespace batchnorm::detail {

using Eigen::Index;

/// What one task moves and computes, so that a device can tell whether threads are worth waking.
struct TaskCost {
  double bytes_read = 0;
  double bytes_written = 0;
  double cycles = 0;
};

/// Runs everything in the calling thread.
struct SerialExecutor {
  Index threads() const { return 1; }

  template <typename Work>
  void operator()(Index tasks, const TaskCost& /*cost*/, const Work& work) const {
    if (tasks > 0) work(Index{0}, tasks);
  }
};

/// Hands ranges of tasks to the threads of an Eigen device. Which thread takes which range must not
/// matter.
template <ThreadedDevice Device>
class DeviceExecutor {
 public:
  explicit DeviceExecutor(const Device& device) : device_(device) {}

  Index threads() const { return static_cast<Index>(device_.numThreads()); }

  template <typename Work>
  void operator()(Index tasks, const TaskCost& cost, const Work& work) const {
    const Eigen::TensorOpCost per_task(cost.bytes_read, cost.bytes_written, cost.cycles);
    device_.parallelFor(tasks, per_task, [&work](Index first, Index last) { work(first, last); });
  }

 private:
  const Device& device_;
};

template <ThreadedDevice Device>
DeviceExecutor<Device> executor_for(const Device& device) {
  return DeviceExecutor<Device>(device);
}

inline SerialExecutor executor_for(const Eigen::DefaultDevice& /*device*/) { return {}; }

}  // namespace batchnorm::detail
