#pragma once

#include <filesystem>

#include "nn/batches.hpp"

namespace mlp {

using nn::Index;

/// Images of classes 0 to `classes` - 1. Pixels are shifted and scaled so that all training pixels
/// together have mean 0 and variance 1.
struct Dataset {
  nn::Samples<float> train, test;
  Index classes = 0;
};

/// Reads the four files of a folder: train-images-idx3-ubyte, train-labels-idx1-ubyte, and t10k-...
/// likewise; each plain or with .gz. Throws std::runtime_error with one sentence where a file is
/// missing or wrong, or where they do not fit each other.
Dataset load_dataset(const std::filesystem::path& folder);

}  // namespace mlp
