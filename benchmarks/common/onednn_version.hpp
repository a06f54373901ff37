#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>

namespace benchmarks {

/// The library's name and version.
inline std::string onednn_version() {
  const dnnl_version_t& version = *dnnl::version();
  return "oneDNN " + std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch);
}

}  // namespace benchmarks
