#pragma once

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace benchmarks {

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
