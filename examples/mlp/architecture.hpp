#pragma once

#include <cstddef>

namespace mlp {

/// The one of Eigen, without its headers.
using Index = std::ptrdiff_t;

enum class Activation { sigmoid, relu };

/// What the activations of a network are kept in, and their gradients.
enum class DataType { float32, bfloat16 };

/// Where a hidden layer has its BatchNorm, if it has one.
enum class Placement { none, before_activation, after_activation };

}  // namespace mlp
