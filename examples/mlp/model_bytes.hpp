#pragma once

#include <cstdint>
#include <string_view>

#include "model.hpp"

namespace mlp {

/// Of all that a model has learnt, counted and is set to.
std::uint64_t checksum_of(const Model& model);

/// Whether `bytes` are, or begin, a file of the time before safetensors.
bool is_model_of_before(std::string_view bytes);

/// The model of such a file. Throws std::runtime_error with one sentence where it is truncated, was
/// altered, or has another format.
Model model_of_before(std::string_view bytes);

}  // namespace mlp
