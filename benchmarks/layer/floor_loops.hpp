#pragma once

namespace benchmarks {

/// The loops of the floor, with the vectors of one instruction set, whatever the rest of the
/// program is built for: what the builds of a machine are compared with is the same.
struct FloorLoops {
  /// `to[i] = x[i] + 1`, for `count` values.
  using Move = void (*)(const float* x, float* to, long count);
  /// `to[i] = x[i] + dy[i]`, likewise.
  using Combine = void (*)(const float* x, const float* dy, float* to, long count);

  Move move;
  Combine combine;
};

/// With ordinary stores, and with non-temporal ones, which do not read what they overwrite but
/// leave the result in memory.
struct FloorStores {
  FloorLoops ordinary;
  FloorLoops non_temporal;
};

/// Those of the widest vectors that this machine has.
FloorStores floor_loops();

}  // namespace benchmarks
