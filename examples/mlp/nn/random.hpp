// Random numbers that are the same with every standard library: the standard fixes what its engines
// and std::seed_seq give, but not what its distributions and std::shuffle make of them.
#pragma once

#include <cstdint>
#include <random>
#include <utility>

#include "nn/matrix.hpp"

namespace nn {

class Random {
 public:
  /// Each (seed, stream) is a sequence of its own, so that what one stream draws moves no other.
  Random(std::uint64_t seed, std::uint64_t stream) {
    std::seed_seq words{seed & 0xffffffffU, seed >> 32U, stream & 0xffffffffU, stream >> 32U};
    engine_.seed(words);
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }

  /// Uniform in [0, count), count >= 1; the draws that would favour small values are thrown away.
  std::uint64_t below(std::uint64_t count) {
    const std::uint64_t excess = (UINT64_MAX % count + 1) % count;
    std::uint64_t draw = engine_();
    while (draw > UINT64_MAX - excess) draw = engine_();
    return draw % count;
  }

  /// Every order of the values is as likely as any other (Fisher and Yates).
  template <typename Values>
  void shuffle(Values& values) {
    for (Index i = values.size() - 1; i > 0; --i) {
      std::swap(values[i], values[static_cast<Index>(below(static_cast<std::uint64_t>(i) + 1))]);
    }
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace nn
