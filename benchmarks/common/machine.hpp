#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace benchmarks {

/// The caches that one core can use, in bytes.
struct Caches {
  std::size_t second;
  std::size_t last;
  std::size_t reported;  ///< the last level as the system reports it; 0 where it does not
};

/// Asks the system; but no more than `most_of_last` bytes of last-level cache count, since a
/// virtual machine may report that of a whole socket.
Caches find_caches(std::size_t most_of_last);

/// Where the arrays of a call stay from one call to the next.
enum class Level { second_cache, last_cache, memory };

/// The level of a call whose arrays have this many bytes together. A tenth of a cache is left to
/// everything else that a call touches.
Level level(std::size_t bytes, const Caches& caches);

std::string to_string(Level level);

/// The processor's name with its family and model, since a virtual machine may hide the rest.
std::string processor();
/// How many of them this machine has.
long processors();
/// What the processor can run, the least first, out of "sse2", "avx2+fma" and "avx512", which is
/// F, BW, DQ and VL together; "neon" on ARM of 64 bits.
std::vector<std::string> instruction_sets();
/// All of the above and the caches, in one line.
std::string machine(const Caches& caches);

/// The compiler of the benchmarks.
std::string compiler();
/// The name of a build with these flags: "tuned build -O3 -march=native", "plain build -O2", or
/// "build" and the flags.
std::string build(const std::string& flags);

}  // namespace benchmarks
