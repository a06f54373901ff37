#pragma once

#include <ostream>

#include "results.hpp"
#include "settings.hpp"

namespace benchmarks {

/// Prints where and how it was measured, and the tables.
void print_report(std::ostream& out, const Results& results, const Settings& settings);

/// Writes the same, and every round, as JSON.
void write_json(std::ostream& out, const Results& results, const Settings& settings);

}  // namespace benchmarks
