#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "nn/matrix.hpp"

namespace mlp {

using nn::Index;

/// An array of unsigned bytes in the format of the MNIST files: big-endian header, last axis
/// contiguous.
struct IdxArray {
  std::vector<Index> sizes;
  std::vector<std::uint8_t> values;
};

/// Reads an IDX file, plain or gzipped. Throws std::runtime_error with one sentence that names the
/// file where it cannot be read, is damaged, is no IDX file of unsigned bytes, or is shorter or
/// longer than its header says.
IdxArray read_idx(const std::filesystem::path& file);

}  // namespace mlp
