#include <benchmark/benchmark.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "contenders.hpp"
#include "reporter.hpp"

namespace benchmarks {
namespace {

/// Answers further from double than this are wrong, not inexact: sums in float over all rows stay
/// below.
constexpr double largest_error = 2e-2;

using Factory = std::unique_ptr<Contender> (*)(const Problem&);

struct Named {
  const char* name;
  Factory make;
};

void measure(benchmark::State& state, const Problem& problem, Operation operation, Factory make) {
  const std::unique_ptr<Contender> contender = make(problem);
  contender->forward();
  run(*contender, operation);
  for (auto _ : state) {
    run(*contender, operation);
    benchmark::ClobberMemory();
  }
  const double found = error(problem, operation);
  state.counters["error"] = found;
  if (!(found < largest_error)) state.SkipWithError("wrong answer");
}

/// Eigen's expressions take seconds on the large shapes, which says no more than milliseconds on
/// the small ones.
bool is_worth_waiting(const Shape& shape, const std::string& contender) {
  constexpr Index largest = 1 << 22;
  return contender == "ours" || contender == "eigen-map" || shape.size() <= largest;
}

std::string layout_name(const Problem& problem) {
  if (problem.shape.spatial == 1) return "NC";
  return problem.layout == Layout::planes ? "NCHW" : "NHWC";
}

std::string task_name(const Problem& problem, Operation operation) {
  return to_string(operation) + "/" + layout_name(problem) + "/" + problem.shape.name;
}

void add(const Problem& problem, Operation operation) {
  for (const Named& contender :
       {Named{"ours", make_ours}, Named{"eigen-map", make_eigen_map},
        Named{"eigen-tensor", make_eigen_tensor}, Named{"eigen-colwise", make_eigen_colwise}}) {
    const bool applies = contender.make(problem) != nullptr;
    if (!applies || !is_worth_waiting(problem.shape, contender.name)) continue;
    const std::string name = task_name(problem, operation) + "/" + contender.name;
    benchmark::RegisterBenchmark(name.c_str(), [&problem, operation,
                                                make = contender.make](benchmark::State& state) {
      measure(state, problem, operation, make);
    })->UseRealTime();
  }
}

std::vector<Problem> problems(const std::vector<Shape>& of_shapes) {
  std::vector<Problem> result;
  for (const Shape& shape : of_shapes) {
    const auto buffers = std::make_shared<Buffers>(shape.size());
    if (shape.spatial > 1) result.emplace_back(shape, Layout::planes, buffers);
    result.emplace_back(shape, Layout::rows, buffers);
  }
  return result;
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return EXIT_FAILURE;
  using benchmarks::Operation;
  const std::vector<benchmarks::Problem> problems = benchmarks::problems(benchmarks::shapes());
  std::vector<std::string> tasks;
  for (const Operation operation :
       {Operation::forward, Operation::backward, Operation::inference}) {
    for (const auto& problem : problems) {
      benchmarks::add(problem, operation);
      tasks.push_back(benchmarks::task_name(problem, operation));
    }
  }
  benchmarks::RatioReporter reporter(tasks);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return reporter.failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
