#pragma once

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "contender.hpp"
#include "machine.hpp"

namespace benchmarks {

struct Settings {
  std::string set{};  ///< the name of the shapes, ", quick" behind it where some are left out
  std::vector<Shape> shapes{};
  std::vector<Entry> contenders{};
  std::regex filter{};    ///< which tasks, by their name "operation/layout/shape"
  int rounds = 9;         ///< per contender and task
  double seconds = 0.02;  ///< of a round, at least
  int threads = 1;        ///< of the contenders named `-threads`, which run from 2 up
  Caches caches{};
  std::string json{};     ///< the name of a file, or empty
  bool append = false;    ///< to what that file has
  std::string command{};  ///< as benchmarks/run was called
};

/// Reads the command line. Exits, with a message, where it asks for help or is wrong.
Settings parse_settings(int argc, char** argv);

}  // namespace benchmarks
