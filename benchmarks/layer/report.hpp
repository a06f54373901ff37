#pragma once

#include <ostream>

#include "results.hpp"
#include "settings.hpp"

namespace benchmarks {

/// Prints where and how it was measured, and the tables.
void print_report(std::ostream& out, const Results& results, const Settings& settings);

/// Throws where the settings name a file that cannot be written, or not be added to, before
/// anything is measured.
void check_json(const Settings& settings);

/// Writes the same, and every round, to the file that the settings name: as JSON, an object whose
/// "runs" say on which machine and with which build each was measured. Nothing without a name.
void write_json(const Results& results, const Settings& settings);

}  // namespace benchmarks
