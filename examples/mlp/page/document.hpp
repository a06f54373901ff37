#pragma once

#include <nlohmann/json.hpp>

#include "experiments/told.hpp"

namespace mlp {

/// The report as JSON: what page.js shows, and what the .json file beside the report holds.
nlohmann::ordered_json document_of(const Told& told);

}  // namespace mlp
