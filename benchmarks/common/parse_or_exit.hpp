#pragma once

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <utility>

namespace benchmarks {

/// What benchmarks/run takes before a program sees it, for the end of its help.
inline constexpr const char* usual_script_options =
    "Of the script itself:\n"
    "  --flags FLAGS               compile with these, in one argument, in place of\n"
    "                              -O3 -march=native; given again, also with those\n"
    "  --target NAME               the library's instruction set, by BATCHNORM_TARGET: sse2,\n"
    "                              avx2, avx512, neon or portable";

/// The two options of a race.
inline std::pair<CLI::Option*, CLI::Option*> add_rounds(CLI::App& app, int& rounds,
                                                        double& seconds) {
  CLI::Option* const of_rounds = app.add_option("--rounds", rounds, "per contender and task");
  of_rounds->check(CLI::Range(1, 1000))->capture_default_str();
  CLI::Option* const of_seconds = app.add_option("--seconds", seconds, "of a round, at least");
  of_seconds->check(CLI::Range(0.0001, 10.0))->capture_default_str();
  return {of_rounds, of_seconds};
}

/// Reads the command line into what `app` was told of. Exits, with a message, where it asks for
/// help or is wrong.
inline void parse_or_exit(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
}

}  // namespace benchmarks
