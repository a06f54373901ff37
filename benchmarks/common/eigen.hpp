#pragma once

#include <Eigen/Core>
#include <string>

namespace benchmarks {

/// Eigen's version, and its packets in the program that asks.
inline std::string eigen() {
  const auto number = [](int part) { return std::to_string(part); };
  return "Eigen " + number(EIGEN_WORLD_VERSION) + "." + number(EIGEN_MAJOR_VERSION) + "." +
         number(EIGEN_MINOR_VERSION) + ", packets of " +
         number(Eigen::internal::packet_traits<float>::size) + " floats";
}

}  // namespace benchmarks
