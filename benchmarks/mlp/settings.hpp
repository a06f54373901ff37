#pragma once

#include <string>

#include "trainer.hpp"

namespace benchmarks {

struct Settings {
  std::string data{};  ///< folder of four IDX files
  Eigen::Index batch = 64;
  int epochs = 5;
  std::uint64_t seed = 1;
  Training training{};
};

/// Reads the command line. Exits, with a message, where it asks for help or is wrong.
Settings parse_settings(int argc, char** argv);

}  // namespace benchmarks
