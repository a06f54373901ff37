#include "race.hpp"

#include <benchmark/benchmark.h>

#include <mutex>

namespace benchmarks {
namespace {

/// Google Benchmark's reporter that prints nothing and keeps every round.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      constexpr double per_nanosecond = 1e-3;
      rounds_[run.run_name.function_name].push_back(run.GetAdjustedRealTime() * per_nanosecond);
    }
  }

  const Rounds& rounds() const { return rounds_; }

 private:
  Rounds rounds_;
};

void interleave() {
  static std::once_flag once;
  std::call_once(once, [] {
    std::string program = "layer";
    std::string flag = "--benchmark_enable_random_interleaving=true";
    std::vector<char*> arguments{program.data(), flag.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments.data());
  });
}

}  // namespace

Rounds race(const std::vector<Racer>& racers, Operation operation, double seconds) {
  interleave();
  for (const Racer& racer : racers) {
    benchmark::RegisterBenchmark(racer.name.c_str(),
                                 [=](benchmark::State& state) {
                                   racer.contender->run(operation);
                                   for (auto _ : state) {
                                     racer.contender->run(operation);
                                     benchmark::ClobberMemory();
                                   }
                                 })
        ->UseRealTime()
        ->MinTime(seconds)
        ->Repetitions(racer.rounds);
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector, ".*");
  benchmark::ClearRegisteredBenchmarks();
  return collector.rounds();
}

}  // namespace benchmarks
