#pragma once

#include <filesystem>
#include <string>

#include "experiments/told.hpp"

namespace mlp {

/// Why this build of the trainer writes no report, or empty where it does.
std::string report_hindrance();

/// Writes the report as one HTML file that needs no other and no network, and its figures beside
/// it as JSON. Each replaces what was there in one step.
void write_report(const std::filesystem::path& html, const Told& told);

}  // namespace mlp
