#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace benchmarks {

/// The parts of a benchmark's name, which is "operation/layout/shape/contender".
struct Name {
  std::string task;       ///< operation, layout and shape
  std::string contender;  ///< who did it
};

Name parse_name(const std::string& name);

/// Collects the medians of all repetitions and prints one table at the end: time of ours, and the
/// others' times over it.
class RatioReporter : public benchmark::BenchmarkReporter {
 public:
  /// `tasks` in the order of the table's rows; those that did not run are left out.
  explicit RatioReporter(std::vector<std::string> tasks) : tasks_(std::move(tasks)) {}

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

  /// Whether a benchmark reported an error, such as a wrong answer.
  bool failed() const { return failed_; }

 private:
  using Times = std::map<std::string, double>;  // by contender, in nanoseconds

  std::vector<std::string> tasks_;
  std::map<std::string, Times> medians_;
  std::map<std::string, double> errors_;
  bool failed_ = false;
};

}  // namespace benchmarks
