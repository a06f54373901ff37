#pragma once

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "contender.hpp"
#include "machine.hpp"

namespace benchmarks {

struct Settings {
  std::vector<Shape> shapes{};
  std::vector<Entry> contenders{};
  std::regex filter{};    ///< which tasks, by their name "operation/layout/shape"
  int rounds = 9;         ///< per contender and task
  double seconds = 0.02;  ///< of a round, at least
  int threads = 1;        ///< of the contenders named `-threads`, which run from 2 up
  Caches caches{};
  std::string json{};     ///< the name of a file, or empty
  std::string command{};  ///< as the program was called, but for flags of the compiler
};

/// Reads the command line. Exits, with a message, where it asks for help or is wrong.
Settings parse_settings(int argc, char** argv);

}  // namespace benchmarks
