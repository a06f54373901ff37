// Times calls of so few values that what surrounds the arithmetic decides, and counts their
// instructions, which repeat.

#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>

#include "calls.hpp"
#include "fairness.hpp"
#include "library.hpp"
#include "machine.hpp"
#include "parse_or_exit.hpp"
#include "race.hpp"
#include "statistics.hpp"
#include "table.hpp"

namespace benchmarks {
namespace {

struct Settings {
  int rounds = 15;
  double seconds = 0.005;
  bool no_instructions = false;
  std::string only;
  int calls = 1;
  std::string program;
};

Settings parse(int argc, char** argv) {
  Settings settings;
  settings.program = argv[0];
  CLI::App app(
      "Times calls of one sample, and training steps of few values; counts their instructions.",
      "benchmarks/run calls");
  app.footer(usual_script_options);
  add_rounds(app, settings.rounds, settings.seconds);
  app.add_flag("--no-instructions", settings.no_instructions,
               "do not count instructions, for which valgrind is used");
  app.add_option(
      "--case", settings.only,
      "make one call alone, by the row and the column of a table, such\nas '1x8/prepared'");
  app.add_option("--calls", settings.calls, "how often that is made")
      ->check(CLI::Range(1, 1000000000))
      ->capture_default_str();
  parse_or_exit(app, argc, argv);
  return settings;
}

/// Makes the calls of one case, and nothing else.
void call_alone(const std::string& name, int calls) {
  for (const auto& cases : {samples(), steps()}) {
    for (const CallCase& each : cases) {
      if (each.row + "/" + each.column != name) continue;
      const auto contender = each.make();
      for (int k = 0; k < calls; ++k) contender->forward();
      return;
    }
  }
  throw std::runtime_error("there is no case '" + name + "'");
}

/// Medians in nanoseconds, and behind them instructions.
void print(const std::string& title, const std::vector<CallCase>& cases, const Settings& settings) {
  std::vector<std::string> head{"shape"};
  for (const CallCase& each : cases) {
    if (each.row == cases.front().row) head.push_back(each.column);
  }
  Table table(head, 1);
  for (std::size_t first = 0; first < cases.size(); first += head.size() - 1) {
    std::vector<std::unique_ptr<Contender>> contenders;
    std::vector<Racer> racers;
    for (std::size_t k = first; k < first + head.size() - 1; ++k) {
      contenders.push_back(cases[k].make());
      racers.push_back({cases[k].column, contenders.back().get(), settings.rounds});
    }
    Rounds rounds = race(racers, Operation::forward, settings.seconds);
    std::vector<std::string> row{cases[first].row};
    for (std::size_t k = first; k < first + head.size() - 1; ++k) {
      constexpr double per_microsecond = 1e3;
      std::string cell = format(median(rounds[cases[k].column]) * per_microsecond, 0);
      if (!settings.no_instructions)
        cell += " (" + format(instructions(settings.program, cases[k]), 0) + ")";
      row.push_back(cell);
    }
    table.add(row);
  }
  std::cout << title << "\n\n" << table << '\n';
}

int run(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  if (!settings.only.empty()) {
    call_alone(settings.only, settings.calls);
    return EXIT_SUCCESS;
  }
  std::cout << machine(find_caches(std::size_t{32} << 20U)) << "\n"
            << compiler() << ", batchnorm on " << target() << "\n\n";
  const std::string what =
      settings.no_instructions
          ? "ns"
          : "ns, and in brackets instructions by callgrind (- where valgrind fails)";
  print("Inference of one sample, " + what + ":", samples(), settings);
  print("Training steps of few values, " + what + ":", steps(), settings);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  try {
    benchmarks::be_fair();
    return benchmarks::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "benchmarks/run calls: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
