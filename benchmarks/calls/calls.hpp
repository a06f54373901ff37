#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contender.hpp"

namespace benchmarks {

/// A call that is timed by itself.
class TimedCall : public Contender {
 public:
  explicit TimedCall(std::function<void()> call) : call_(std::move(call)) {}

  void forward() override { call_(); }
  void backward() override { call_(); }
  void inference() override { call_(); }

 private:
  std::function<void()> call_;
};

/// Who computes a row of a table, in which column.
struct CallCase {
  std::string row;
  std::string column;
  std::function<std::unique_ptr<Contender>()> make;
};

/// Inference of one sample: a loop of the reader's own, the layer's forward, and what is prepared.
std::vector<CallCase> samples();

/// Training steps of few values, with a number of channels that is a part of the type and without.
std::vector<CallCase> steps();

/// Instructions of a call, by valgrind, of the case with this row and column; nothing where
/// valgrind is missing. `program` runs a case as often as it is told by --case and --calls.
std::optional<double> instructions(const std::string& program, const CallCase& of);

}  // namespace benchmarks
