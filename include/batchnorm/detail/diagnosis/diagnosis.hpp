#pragma once

// How a layer is, from what it keeps.
// In: a `Diagnosis` with the figures of every channel.
// Out: excess.hpp, which channels are in trouble; table.hpp, what a person reads of them. Where the
// figures come from: averages.hpp.

#include "averages.hpp"
#include "excess.hpp"
#include "table.hpp"
