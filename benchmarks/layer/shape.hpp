#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

namespace benchmarks {

using Eigen::Index;

struct Shape {
  std::string name;           ///< samples, channels, spatial sizes, whatever the layout
  Index samples;              ///< N
  Index channels;             ///< C
  Index spatial;              ///< S, product of the spatial sizes
  bool trained = true;        ///< whether a network is trained at this shape, or only deployed
  std::string friendly = {};  ///< the name of the shape next to an awkward one, without its oddity
  bool placed = false;        ///< whether uncomfortable places in memory are tried too

  Index size() const { return samples * channels * spatial; }
  Index count() const { return samples * spatial; }  ///< values per channel
};

/// Layers of multilayer perceptrons, of ResNet-50 (batch 32, and deployed with batch 1) and of a
/// network over volumes, and small tensors with odd sizes.
std::vector<Shape> network_shapes();

/// Out of `network_shapes()`, one or two for every level of the memory hierarchy.
std::vector<Shape> quick_shapes();

/// Batches of 1 to 64 with up to 1,024 channels, and short planes: where the work per channel
/// counts as much as that per value.
std::vector<Shape> small_shapes();

/// Odd channel counts, odd spatial sizes and small batches, each after the friendly shape next to
/// it; and the shapes that are tried in uncomfortable places.
std::vector<Shape> awkward_shapes();

}  // namespace benchmarks
