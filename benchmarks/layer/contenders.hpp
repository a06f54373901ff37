#pragma once

#include <vector>

#include "contender.hpp"

namespace benchmarks {

/// All that this program was built with, in the order of the report's columns: a file each, listed
/// by CMake.
std::vector<Entry> contenders();

}  // namespace benchmarks
