#pragma once

#include "settings.hpp"

namespace mlp {

/// Thrown where the program shall end before it has begun: after `--help` (0) or because of a
/// mistake.
struct Exit {
  int code = 0;
};

/// Reads the command line. Prints the help, or one sentence about a mistake to stderr, before it
/// throws Exit.
Settings parse_settings(int argc, char** argv);

}  // namespace mlp
