#pragma once

#include <chrono>
#include <string>

namespace benchmarks {

/// What everybody else on this machine, other guests of its host included, has computed since the
/// object was made.
class OtherWork {
 public:
  OtherWork();

  /// How many processors that keeps busy, on average; 0 where the system does not say.
  double processors() const;

 private:
  std::chrono::steady_clock::time_point start_;
  double seconds_;
};

/// Whether figures can be trusted to repeat.
struct Quiet {
  double others;  ///< processors that everybody else kept busy
  double spread;  ///< of something that takes the same time in every round; see `spread`

  bool busy() const;
  /// One sentence that says so; `measured` is what the spread is of, such as "the floor".
  std::string sentence(const std::string& measured) const;
};

}  // namespace benchmarks
