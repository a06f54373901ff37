#pragma once

#include <cstdint>

#include "dataset.hpp"

namespace mlp {

/// A data set in three parts. Networks learn from `train`; learning rates are chosen by
/// `validation`; all figures are of `test`, which decides nothing.
struct Material {
  nn::Samples<float> train, validation, test;
  Index classes = 0;
  std::uint32_t checksum = 0;  ///< of all images and labels
};

/// Every tenth of the training images validates, but at most 2,000 do.
Material make_material(const Dataset& data);

}  // namespace mlp
