#pragma once

#include <chrono>

namespace benchmarks {

/// Adds up the time between `start` and `stop`.
class Stopwatch {
 public:
  void start() { started_ = Clock::now(); }
  void stop() { spent_ += Clock::now() - started_; }

  double seconds() const { return std::chrono::duration<double>(spent_).count(); }

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point started_;
  Clock::duration spent_{0};
};

}  // namespace benchmarks
