#include "shape.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace benchmarks {
namespace {

Shape awkward(Index samples, Index channels, Index spatial, const std::string& friendly) {
  const std::string name =
      std::to_string(samples) + "x" + std::to_string(channels) + "x" + std::to_string(spatial);
  return {name, samples, channels, spatial, true, friendly};
}

/// Next to 16 and 256 channels, at several sizes.
void add_channel_counts(std::vector<Shape>& shapes) {
  for (const Index spatial : {64, 1024, 16384}) {
    const Shape sixteen = awkward(8, 16, spatial, "");
    shapes.push_back(sixteen);
    for (const Index channels : {3, 17})
      shapes.push_back(awkward(8, channels, spatial, sixteen.name));
    shapes.push_back(awkward(8 * 16, 1, spatial, sixteen.name));
  }
  for (const Index spatial : {4, 64, 1024}) {
    const Shape many = awkward(8, 256, spatial, "");
    shapes.push_back(many);
    shapes.push_back(awkward(8, 257, spatial, many.name));
  }
}

/// Next to powers of two.
void add_spatial_sizes(std::vector<Shape>& shapes) {
  for (const auto& [odd, even] : {std::pair{9, 16}, {35, 32}, {49, 48}, {169, 160}}) {
    for (const Index channels : {16, 256}) {
      const Shape friendly = awkward(32, channels, even, "");
      shapes.push_back(friendly);
      shapes.push_back(awkward(32, channels, odd, friendly.name));
    }
  }
}

/// Channel counts of (N, C) matrices.
void add_matrices(std::vector<Shape>& shapes) {
  for (const Index samples : {64, 4096}) {
    Shape friendly = awkward(samples, 256, 1, "");
    friendly.placed = samples == 64;
    shapes.push_back(friendly);
    shapes.push_back(awkward(samples, 257, 1, friendly.name));
    for (const Index channels : {3, 17})
      shapes.push_back(awkward(samples * 16, channels, 1, friendly.name));
    shapes.push_back(awkward(samples * 256, 1, 1, friendly.name));
  }
}

void add_small_batches(std::vector<Shape>& shapes) {
  const Shape eight = awkward(8, 64, 784, "");
  shapes.push_back(eight);
  for (const Index samples : {1, 2, 3, 5, 7})
    shapes.push_back(awkward(samples, 64, 784, eight.name));
  const Shape many = awkward(64, 1024, 1, "");
  shapes.push_back(many);
  for (const Index samples : {8, 16, 32}) shapes.push_back(awkward(samples, 1024, 1, many.name));
}

/// Shapes that are tried in uncomfortable places too.
void add_placed(std::vector<Shape>& shapes) {
  for (const auto& [samples, channels, spatial] :
       {std::array<Index, 3>{1024, 1024, 1}, {32, 64, 49}, {32, 64, 784}}) {
    shapes.push_back(awkward(samples, channels, spatial, ""));
    shapes.back().placed = true;
  }
}

}  // namespace

std::vector<Shape> network_shapes() {
  return {
      {"64x256", 64, 256, 1},
      {"256x1024", 256, 1024, 1},
      {"1024x1024", 1024, 1024, 1},
      {"4096x4096", 4096, 4096, 1},
      {"65536x64", 65536, 64, 1},
      {"32x64x112x112", 32, 64, 112 * 112},
      {"32x64x56x56", 32, 64, 56 * 56},
      {"32x256x56x56", 32, 256, 56 * 56},
      {"32x128x28x28", 32, 128, 28 * 28},
      {"32x512x28x28", 32, 512, 28 * 28},
      {"32x256x14x14", 32, 256, 14 * 14},
      {"32x1024x14x14", 32, 1024, 14 * 14},
      {"32x512x7x7", 32, 512, 7 * 7},
      {"32x2048x7x7", 32, 2048, 7 * 7},
      {"7x17x13x13", 7, 17, 13 * 13},
      {"3x257x5x7", 3, 257, 5 * 7},
      {"2x3x224x224", 2, 3, 224 * 224},
      {"8x1x100x100", 8, 1, 100 * 100},
      {"2x32x32x64x64", 2, 32, 32 * 64 * 64},
      {"1x64x112x112", 1, 64, 112 * 112, false},
      {"1x64x56x56", 1, 64, 56 * 56, false},
      {"1x256x56x56", 1, 256, 56 * 56, false},
      {"1x128x28x28", 1, 128, 28 * 28, false},
      {"1x512x28x28", 1, 512, 28 * 28, false},
      {"1x256x14x14", 1, 256, 14 * 14, false},
      {"1x1024x14x14", 1, 1024, 14 * 14, false},
      {"1x512x7x7", 1, 512, 7 * 7, false},
      {"1x2048x7x7", 1, 2048, 7 * 7, false},
  };
}

std::vector<Shape> quick_shapes() {
  constexpr std::array<std::string_view, 7> names{
      "64x256", "1024x1024", "65536x64", "32x64x56x56", "32x256x14x14", "7x17x13x13", "3x257x5x7"};
  std::vector<Shape> result;
  std::ranges::copy_if(network_shapes(), std::back_inserter(result), [&](const Shape& shape) {
    return std::ranges::find(names, shape.name) != names.end();
  });
  return result;
}

std::vector<Shape> small_shapes() {
  return {
      {"8x256", 8, 256, 1},           {"8x1024", 8, 1024, 1},
      {"16x1024", 16, 1024, 1},       {"32x128", 32, 128, 1},
      {"32x1024", 32, 1024, 1},       {"64x64", 64, 64, 1},
      {"2x128", 2, 128, 1},           {"1x64", 1, 64, 1, false},
      {"1x512", 1, 512, 1, false},    {"3x257x5x7", 3, 257, 5 * 7},
      {"7x17x13x13", 7, 17, 13 * 13}, {"8x1x100x100", 8, 1, 100 * 100},
      {"4x64x7x7", 4, 64, 7 * 7},     {"16x32x8x8", 16, 32, 8 * 8},
      {"1x128x4x4", 1, 128, 4 * 4},   {"2x512x2x2", 2, 512, 2 * 2},
  };
}

std::vector<Shape> awkward_shapes() {
  std::vector<Shape> shapes;
  add_channel_counts(shapes);
  add_spatial_sizes(shapes);
  add_matrices(shapes);
  add_small_batches(shapes);
  add_placed(shapes);
  return shapes;
}

}  // namespace benchmarks
