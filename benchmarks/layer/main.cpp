// Times batch normalization layers; see settings.cpp, or --help, for what it can do.

#include <cstdlib>
#include <exception>
#include <iostream>

#include "fairness.hpp"
#include "library.hpp"
#include "measure.hpp"
#include "report.hpp"

namespace {

int run(int argc, char** argv) {
  const benchmarks::Settings settings = benchmarks::parse_settings(argc, argv);
  benchmarks::target();
  benchmarks::check_json(settings);
  const benchmarks::Results results = benchmarks::measure(settings);
  if (results.all.empty()) throw std::runtime_error("no task matches the filter");
  benchmarks::print_report(std::cout, results, settings);
  benchmarks::write_json(results, settings);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::be_fair();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "benchmarks/run: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
