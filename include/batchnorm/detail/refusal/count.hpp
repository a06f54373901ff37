#pragma once

#include <cmath>

#include "refusal.hpp"

namespace batchnorm::detail {

/// Whether so many values, or values of so much weight, may have been summed.
inline bool is_count(double count) { return count >= 0.0 && std::isfinite(count); }

}  // namespace batchnorm::detail
