// Layers as C++ source.
#pragma once

#include <string>
#include <vector>

#include "layers.hpp"

namespace ports {

/// A header with a function for each layer, in namespace `ported`, that gives its state without a
/// heap, for a layer of Channels<N>: parameters in float, running statistics in double, every
/// digit; and its epsilon, where the file has one. Throws std::runtime_error where a value is not
/// finite.
std::string source_of(const std::vector<Layer>& layers, const std::string& file);

}  // namespace ports
