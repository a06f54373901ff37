#pragma once

#include <filesystem>
#include <optional>

#include "nn/batches.hpp"

namespace mlp {

using nn::Index;

/// What becomes of a pixel: (pixel - mean) * inverse_deviation.
struct Scaling {
  double mean = 0, inverse_deviation = 1;

  bool operator==(const Scaling&) const = default;
};

/// Images of classes 0 to `classes` - 1, with scaled pixels.
struct Dataset {
  nn::Samples<float> train, test;
  Index classes = 0;
  Scaling scaling{};
};

/// Reads the four files of a folder: train-images-idx3-ubyte, train-labels-idx1-ubyte, and t10k-...
/// likewise; each plain or with .gz. Throws std::runtime_error with one sentence where a file is
/// missing or wrong, or where they do not fit each other. Without a scaling, all training pixels
/// together get mean 0 and variance 1.
Dataset load_dataset(const std::filesystem::path& folder,
                     const std::optional<Scaling>& scaling = {});

}  // namespace mlp
