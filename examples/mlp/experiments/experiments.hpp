#pragma once

#include "dataset.hpp"
#include "experiments/told.hpp"
#include "settings.hpp"

namespace mlp {

/// Runs what the chapters need and the CSV file beside the report does not have yet, and says what
/// comes of it. After a signal, the chapters that have all of their results are told. Throws
/// std::runtime_error with one sentence where a chapter that was asked for does not exist, or needs
/// more images than the data set has.
Told run_experiments(const Settings& settings, const Dataset& data);

}  // namespace mlp
