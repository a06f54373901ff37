#pragma once

#include <cstddef>
#include <string>

namespace benchmarks {

/// The caches that one core can use, in bytes.
struct Caches {
  std::size_t second;
  std::size_t last;
};

/// Asks the system; but no more than `most_of_last` bytes of last-level cache, since a virtual
/// machine may report that of a whole socket.
Caches find_caches(std::size_t most_of_last);

/// Where the arrays of a call stay from one call to the next.
enum class Level { second_cache, last_cache, memory };

/// The level of a call whose arrays have this many bytes together. A tenth of a cache is left to
/// everything else that a call touches.
Level level(std::size_t bytes, const Caches& caches);

std::string to_string(Level level);

/// The processor's name, and the compiler's.
std::string processor();
std::string compiler();

}  // namespace benchmarks
