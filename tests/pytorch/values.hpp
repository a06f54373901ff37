#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cases.hpp"

namespace batchnorm_tests::pytorch {

/// Where the values of a case are stored.
inline std::string values_file(const std::string& name_of_case) {
  const auto folder = std::filesystem::path(BATCHNORM_TEST_DATA) / "pytorch" / "values";
  return (folder / name_of_case).string() + ".txt";
}

/// The stored values of one case; README.md has the format. Those of `float` are read as `float`,
/// whose digits they have. Every refusal is a `std::runtime_error`.
class Values {
 public:
  Values(const std::string& path, Precision precision) : path_(path), precision_(precision) {
    std::ifstream file(path);
    if (!file) {
      throw std::runtime_error("cannot open " + path);
    }
    for (std::string line; std::getline(file, line);) {
      add(line);
    }
  }

  /// The values of that name, which must be `count`.
  const std::vector<double>& get(const std::string& name, std::size_t count) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      throw std::runtime_error(path_ + " has no " + name);
    }
    if (found->second.size() != count) {
      throw std::runtime_error(path_ + " has " + std::to_string(found->second.size()) +
                               " values of " + name + ", expected " + std::to_string(count));
    }
    asked_.insert(name);
    return found->second;
  }

  /// Names of what nobody asked for, each with a space behind it.
  std::string rest() const {
    std::string names;
    for (const auto& entry : entries_) {
      names += asked_.contains(entry.first) ? "" : entry.first + ' ';
    }
    return names;
  }

 private:
  void add(const std::string& line) {
    std::istringstream words(line);
    std::string name;
    std::size_t count = 0;
    words >> name >> count;
    std::vector<double> values(words ? count : 0);
    for (double& value : values) {
      words >> value;
      value = precision_ == Precision::single ? static_cast<float>(value) : value;
    }
    const bool complete = static_cast<bool>(words) && (words >> std::ws).eof();
    if (!complete || !entries_.emplace(name, std::move(values)).second) {
      throw std::runtime_error(path_ + " is damaged at " + name);
    }
  }

  std::string path_;
  Precision precision_;
  std::map<std::string, std::vector<double>> entries_;
  std::set<std::string> asked_;
};

}  // namespace batchnorm_tests::pytorch
