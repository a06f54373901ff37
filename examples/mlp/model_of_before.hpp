#pragma once

#include <string_view>

#include "model.hpp"

namespace mlp {

/// Whether `bytes` are, or begin, a file of the time before safetensors.
bool is_model_of_before(std::string_view bytes);

/// The model of such a file. Throws std::runtime_error with one sentence where it is truncated, was
/// altered, or has another format.
Model model_of_before(std::string_view bytes);

}  // namespace mlp
