#include "machine.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "table.hpp"

namespace benchmarks {
namespace {

/// 0 where the system does not say.
std::size_t cache_size(int which) { return static_cast<std::size_t>(std::max(0L, sysconf(which))); }

/// What the system says of its first processor; empty where it does not.
std::string cpuinfo(const std::string& field) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon + 2 > line.size()) continue;
    if (line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1) == field)
      return line.substr(colon + 2);
  }
  return {};
}

std::string mebibytes(std::size_t bytes) {
  constexpr double one = 1024.0 * 1024.0;
  const double count = static_cast<double>(bytes) / one;
  return format(count, count < 10.0 && bytes % std::size_t{1 << 20} != 0 ? 2 : 0) + " MiB";
}

}  // namespace

Caches find_caches(std::size_t most_of_last) {
  const std::size_t second = cache_size(_SC_LEVEL2_CACHE_SIZE);
  const std::size_t reported = cache_size(_SC_LEVEL3_CACHE_SIZE);
  return {second == 0 ? std::size_t{1} << 20U : second,
          reported == 0 ? most_of_last : std::min(reported, most_of_last), reported};
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
  const std::string name = cpuinfo("model name");
  const std::string family = cpuinfo("cpu family");
  if (name.empty()) return "unknown processor";
  if (family.empty()) return name;
  return name + " (family " + family + ", model " + cpuinfo("model") + ")";
}

long processors() { return sysconf(_SC_NPROCESSORS_ONLN); }

std::vector<std::string> instruction_sets() {
  std::vector<std::string> sets;
#if defined(__x86_64__)
  sets.emplace_back("sse2");
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.emplace_back("avx2+fma");
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    sets.emplace_back("avx512");
#elif defined(__aarch64__)
  sets.emplace_back("neon");
#endif
  return sets;
}

std::string machine(const Caches& caches) {
  std::string text = std::to_string(processors()) + " x " + processor();
  const char* separator = "; ";
  for (const std::string& set : instruction_sets()) {
    text += separator + set;
    separator = ", ";
  }
  text += "; L2 of a core " + mebibytes(caches.second) + ", last-level cache ";
  if (caches.reported == caches.last) return text + mebibytes(caches.last);
  if (caches.reported == 0) return text + "unknown, counted as " + mebibytes(caches.last);
  return text + mebibytes(caches.reported) + ", of which " + mebibytes(caches.last) + " count";
}

std::string compiler() {
#if defined(__clang__)
  return "clang++ " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

std::string build(const std::string& flags) {
  std::istringstream words(flags);
  std::string named;
  for (std::string word; words >> word;) {
    if (word != "-DNDEBUG") named += " " + word;
  }
  if (named == " -O3 -march=native") return "tuned build" + named;
  return (named == " -O2" ? "plain build" : "build") + named;
}

}  // namespace benchmarks
