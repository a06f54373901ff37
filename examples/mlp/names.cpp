#include "names.hpp"

#include <array>
#include <cstddef>

namespace mlp {
namespace {

/// The name of a value, of those in the order in which the enumeration has its values.
template <typename Value, std::size_t count>
const char* name_of(Value value, const std::array<const char*, count>& names) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

const char* short_name(Placement placement) {
  return name_of(placement, std::array{"none", "before", "after"});
}

const char* long_name(Placement placement) {
  return name_of(placement, std::array{"no BatchNorm", "BatchNorm before", "BatchNorm after"});
}

const char* name(Activation activation) {
  return name_of(activation, std::array{"sigmoid", "relu"});
}

const char* name(DataType type) { return name_of(type, std::array{"float", "bfloat16"}); }

const char* name(Level level) { return name_of(level, std::array{"quick", "standard", "full"}); }

const char* name(Probe probe) {
  return name_of(
      probe, std::array{"none", "gradients", "distributions", "batch_statistics", "both_modes"});
}

const char* name(Tone tone) {
  return name_of(tone, std::array{"plain", "norm", "third", "fourth", "reference"});
}

}  // namespace mlp
