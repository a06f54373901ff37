#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "csv.hpp"
#include "training.hpp"

namespace mlp {

/// Shows on stdout how training goes: a bar that is drawn over itself where stdout is a terminal,
/// and lines elsewhere. Hands every epoch to the CSV file. Wants to stop once a signal has come.
class Progress final : public Watcher {
 public:
  Progress(const Settings& settings, const Dataset& data, Csv& csv);
  ~Progress() override;

  void on_start(const Run& run) override;
  void on_batch(const Run& run, const nn::Score& score) override;
  void on_epoch(const Run& run) override;
  void on_end(const Run& run) override;
  bool wants_to_stop() const override;

 private:
  using Clock = std::chrono::steady_clock;

  void draw(const Run& run, const nn::Score& score);
  void print(const std::string& line);
  void clear();
  void print_warnings(const Run& run);
  double seconds_left(double epochs) const;

  const Settings& settings_;
  Csv& csv_;
  double epoch_samples_;
  int columns_;  ///< of the terminal; 0 if there is none
  int runs_ended_ = 0;
  bool drawn_ = false;
  std::size_t warned_ = 0;  ///< warnings of the present run that were printed
  Clock::time_point begin_, run_begin_, shown_;
};

}  // namespace mlp
