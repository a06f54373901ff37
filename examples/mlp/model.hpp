#pragma once

#include <filesystem>

#include "dataset.hpp"
#include "network.hpp"

namespace mlp {

/// All that it takes to go on with a trained network, or to use it: what it looks like, how its
/// pixels were scaled, and every value that its layers have learnt or counted.
struct Model {
  Architecture architecture;
  Scaling scaling;
  Mlp<batchnorm::Train> network;
};

/// Replaces the file in one step (`batchnorm::replace_file`) by one of safetensors, which PyTorch
/// reads into a Sequential of the same layers.
void save_model(const std::filesystem::path& file, const Model& model);

/// The model, bit by bit as it was saved, also of files of before. Throws std::runtime_error with
/// one sentence where the file cannot be read, is no model, is truncated, was altered, or has
/// another format.
Model load_model(const std::filesystem::path& file);

}  // namespace mlp
