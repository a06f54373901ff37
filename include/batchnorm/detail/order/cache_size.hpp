#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>

#include "../../options.hpp"

namespace batchnorm::detail {

/// Bytes of the last-level cache as the machine tells, which on virtual machines may be the cache
/// of a whole socket: no more than a core usually gets is believed.
inline std::int64_t machine_cache_bytes() {
  constexpr std::int64_t most = 32 << 20;
  static const std::int64_t told = Eigen::internal::queryTopLevelCacheSize();
  return told > 0 ? std::min(told, most) : most;
}

/// Bytes of a core's own caches.
struct CoreCaches {
  std::int64_t first = 0;
  std::int64_t second = 0;
};

/// As the machine tells, within what cores have: a virtual machine may tell nonsense.
inline const CoreCaches& machine_core_caches() {
  static const CoreCaches caches = [] {
    int first = 0;
    int second = 0;
    int third = 0;
    Eigen::internal::queryCacheSizes(first, second, third);
    const auto believed = [](std::int64_t told, std::int64_t least, std::int64_t usual,
                             std::int64_t most) {
      return told > 0 ? std::clamp(told, least, most) : usual;
    };
    return CoreCaches{believed(first, 32 << 10, 32 << 10, 128 << 10),
                      believed(second, 256 << 10, 1 << 20, 4 << 20)};
  }();
  return caches;
}

/// Whether the last level is so near that finding values in the second saves nothing, and parts of
/// a call that fit the second only make shorter runs of memory: measured on AMD's Zen 5, and taken
/// for all of AMD's, whose cores share a last level of their own in the same way.
inline bool last_level_is_near() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool is_amd = __builtin_cpu_is("amd") != 0;
  return is_amd;
#else
  return false;
#endif
}

/// Bytes of the second-level cache that parts of a call are made for; 0 where that does not pay.
inline double l2_bytes(const Options& options) {
  if (options.l2_bytes > 0) return static_cast<double>(options.l2_bytes);
  return last_level_is_near() ? 0.0 : static_cast<double>(machine_core_caches().second);
}

/// Bytes of the last-level cache that a core can use.
inline double last_level_bytes(const Options& options) {
  return static_cast<double>(options.cache_bytes > 0 ? options.cache_bytes : machine_cache_bytes());
}

/// Whether `bytes` that a call reads and writes fill the last-level cache, so that nobody finds
/// results there anyway.
inline bool exceeds_cache(double bytes, const Options& options) {
  return bytes >= last_level_bytes(options);
}

/// How many bytes the last level keeps from a call's first pass for its second.
struct LastLevelShares {
  double whole_call;  ///< of a call that is not worth cutting into parts
  double part;        ///< of a part of one that is
};

inline LastLevelShares last_level_shares(const Options& options) {
  if (!last_level_is_near()) return {16e6, 4e6};
  const double all = last_level_bytes(options);
  return {all, all / 3};
}

}  // namespace batchnorm::detail
