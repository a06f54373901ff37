// A layer as C++ source.
#pragma once

#include <string>

#include "layers.hpp"

namespace ports {

/// A function that gives the state of a layer without a heap, for a layer of Channels<N>:
/// parameters in float, running statistics in double, every digit.
std::string initializer_of(const Layer& layer, const std::string& file);

}  // namespace ports
