#pragma once

#include "results.hpp"
#include "settings.hpp"

namespace benchmarks {

/// Races the contenders through every task of the settings, and checks every y and dx against
/// double, in up to four channels, after the clock has stopped. Says on `std::cerr` how far it is.
/// Throws `std::runtime_error` at a wrong answer.
Results measure(const Settings& settings);

}  // namespace benchmarks
