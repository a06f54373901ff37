// Times batch normalization layers; see settings.cpp, or --help, for what it can do.

#include <malloc.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>

#include "measure.hpp"
#include "report.hpp"

namespace {

/// Gives libraries that choose their instructions at run time the best that there are, and those
/// that allocate every result memory that has been used before.
void be_fair() {
#if defined(__x86_64__)
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  if (wide) setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
#endif
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

int run(int argc, char** argv) {
  const benchmarks::Settings settings = benchmarks::parse_settings(argc, argv);
  std::ofstream file;
  if (!settings.json.empty()) {
    file.open(settings.json);
    if (!file) throw std::runtime_error("cannot write " + settings.json);
  }
  const benchmarks::Results results = benchmarks::measure(settings);
  if (results.all.empty()) throw std::runtime_error("no task matches the filter");
  benchmarks::print_report(std::cout, results, settings);
  if (file.is_open()) benchmarks::write_json(file, results, settings);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  be_fair();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "benchmarks/run: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
