#pragma once

#include <chrono>
#include <string>

namespace mlp {

/// Shows on stdout how far the experiments are, as a whole and in the chapter under way: bars that
/// are drawn over themselves where stdout is a terminal, and a line per chapter elsewhere. Work is
/// in any unit, as long as it is the same one.
class Meter {
 public:
  explicit Meter(double work) : work_(work) {}
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;
  ~Meter();

  void begin(const std::string& part, double work);
  void advance(double work);
  /// `line` says what came of the part.
  void end(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;

  void draw();
  void clear();

  double work_, done_ = 0;
  std::string part_{};
  double part_work_ = 0, part_done_ = 0;
  bool drawn_ = false;
  Clock::time_point begin_ = Clock::now(), shown_ = begin_;
};

}  // namespace mlp
