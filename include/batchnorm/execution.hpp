#pragma once

#include <Eigen/Core>
#include <concepts>
#include <functional>
#include <unsupported/Eigen/CXX11/Tensor>

namespace batchnorm {

/// A place of execution with threads, such as `Eigen::ThreadPoolDevice` (needs
/// `EIGEN_USE_THREADS`).
template <typename T>
concept ThreadedDevice = requires(const T& device, Eigen::Index n, const Eigen::TensorOpCost& cost,
                                  std::function<void(Eigen::Index, Eigen::Index)> work) {
  {
    device.numThreads()
    } -> std::convertible_to<Eigen::Index>;  // how many threads may work at once
  device.parallelFor(n, cost, work);  // calls work(first, last) until [0, n) is covered, and waits
};

/// What a call takes as its first argument to say where it runs: a threaded device, or
/// `Eigen::DefaultDevice` for the calling thread alone. The result has the same bits everywhere.
template <typename T>
concept ExecutionDevice = ThreadedDevice<T> || std::same_as<T, Eigen::DefaultDevice>;

/// What may stand in a device's place without being one.
template <typename T>
concept NotADevice = !ExecutionDevice<T>;

}  // namespace batchnorm
