#pragma once

#include <fstream>
#include <string>

#include "training.hpp"

namespace mlp {

/// A file with one line per epoch of every run, written at once, so that it is complete up to where
/// a run stopped. Throws std::runtime_error with one sentence where the file cannot be written.
class Csv {
 public:
  /// Begins the file anew; an empty path writes nothing.
  explicit Csv(const std::string& path);

  /// Adds the last epoch of the run.
  void write(const Run& run);

 private:
  void check();

  std::string path_;
  std::ofstream file_;
};

}  // namespace mlp
