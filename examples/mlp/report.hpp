#pragma once

#include <vector>

#include "dataset.hpp"
#include "diagnoses.hpp"
#include "settings.hpp"
#include "training.hpp"

namespace mlp {

/// Says on stdout what is going to be trained on what.
void print_setting(const Settings& settings, const Dataset& data);

/// Says on stdout how a saved network does on the test images.
void print_score(const Settings& settings, const Architecture& architecture,
                 const nn::Score& score);

/// Says on stdout how each BatchNorm of a network is.
void print_diagnoses(Placement placement, const std::vector<LayerDiagnosis>& diagnoses);

/// Says on stdout who got where in how many steps. Runs that were interrupted count only where an
/// arm has no other.
void print_results(const Settings& settings, const std::vector<Run>& runs);

}  // namespace mlp
