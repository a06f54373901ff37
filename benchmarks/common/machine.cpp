#include "machine.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace benchmarks {
namespace {

std::size_t cache_size(int which, std::size_t otherwise) {
  const long found = sysconf(which);
  return found > 0 ? static_cast<std::size_t>(found) : otherwise;
}

}  // namespace

Caches find_caches(std::size_t most_of_last) {
  return {cache_size(_SC_LEVEL2_CACHE_SIZE, std::size_t{1} << 20U),
          std::min(cache_size(_SC_LEVEL3_CACHE_SIZE, most_of_last), most_of_last)};
}

Level level(std::size_t bytes, const Caches& caches) {
  constexpr double usable = 0.9;
  const auto fits = [&](std::size_t cache) {
    return static_cast<double>(bytes) <= usable * static_cast<double>(cache);
  };
  if (fits(caches.second)) return Level::second_cache;
  return fits(caches.last) ? Level::last_cache : Level::memory;
}

std::string to_string(Level level) {
  constexpr std::array<const char*, 3> names{"L2", "L3", "memory"};
  return names[static_cast<std::size_t>(level)];
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

std::string compiler() {
#if defined(__clang__)
  return "clang++ " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace benchmarks
