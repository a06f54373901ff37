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

/// Whether `bytes` that a call reads and writes fill the last-level cache, so that nobody finds
/// results there anyway.
inline bool exceeds_cache(double bytes, const Options& options) {
  const std::int64_t cache = options.cache_bytes > 0 ? options.cache_bytes : machine_cache_bytes();
  return bytes >= static_cast<double>(cache);
}

}  // namespace batchnorm::detail
