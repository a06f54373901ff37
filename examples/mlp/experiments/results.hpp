#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>

#include "experiments/figures.hpp"
#include "experiments/recipe.hpp"

namespace mlp {

struct Material;

/// The figures of all trials that ended, by what decides them: program, data, recipe and seed. They
/// live in a CSV file, one reading a line, to which a trial is added once it has ended: what was
/// finished is there after any stop, and is not run again.
class Results {
 public:
  /// Reads what the file has of this program and data; what is broken off at its end is left out.
  /// A file of another program begins anew, since its figures could differ. Throws
  /// std::runtime_error with one sentence where the file cannot be written, or is not of this kind.
  Results(std::string file, const Material& material);

  /// The figures of a trial, or null.
  const Figures* find(const Recipe& recipe, std::int64_t seed) const;

  void add(const Recipe& recipe, std::int64_t seed, Figures figures);

 private:
  std::string key(const Recipe& recipe, std::int64_t seed) const;
  void read();
  void check();

  std::string path_, origin_;
  std::map<std::string, Figures> trials_;
  std::ofstream file_;
};

}  // namespace mlp
