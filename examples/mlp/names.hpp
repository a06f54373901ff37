// What the choices are called, wherever a person reads of them.
#pragma once

#include "architecture.hpp"
#include "experiments/account.hpp"
#include "experiments/level.hpp"
#include "experiments/recipe.hpp"

namespace mlp {

const char* short_name(Placement placement);  ///< as on the command line and in CSV files
const char* long_name(Placement placement);   ///< as in tables
const char* name(Activation activation);
const char* name(DataType type);
const char* name(Level level);
const char* name(Probe probe);
const char* name(Tone tone);

}  // namespace mlp
