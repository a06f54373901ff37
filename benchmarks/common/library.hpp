#pragma once

#include <batchnorm/target.hpp>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace benchmarks {

/// The instruction set that the library runs on, in the program that asks. Throws where
/// BATCHNORM_TARGET asks for another one, so that no figures stand under a wrong name.
inline std::string target() {
  const char* const variable = std::getenv("BATCHNORM_TARGET");
  const std::string wanted = variable == nullptr ? "" : variable;
  std::string found = batchnorm::target();
  if (wanted.empty() || wanted == found) return found;
  throw std::runtime_error("the target " + wanted +
                           " was asked for, but as it was built and on this machine the library "
                           "runs on " +
                           found + "; ask for that one, or build with other --flags");
}

}  // namespace benchmarks
